// SPDX-License-Identifier: MIT
// The handler of yaml-cpp's events, with the limits that yaml-cpp does not have.
#include "config/yaml_reader.h"

#include <cassert>
#include <exception>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace wsbridged::config {
namespace {

// Stops the parser from inside an event; caught in read_yaml().
class Refused : public std::exception {
 public:
  Refused(const YAML::Mark& mark, std::string reason) : mark_(mark), reason_(std::move(reason)) {}

  [[nodiscard]] const YAML::Mark& mark() const { return mark_; }

  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  YAML::Mark mark_;
  std::string reason_;
};

Place place_of(const YAML::Mark& mark, const std::string* source) {
  return {source, mark.line + 1, mark.column + 1};
}

// yaml-cpp's words may hold a byte of the text: half a character, or a control character.
std::string visible(std::string_view words) {
  std::string out;
  for (const char c : words) {
    out += c >= ' ' && c < '\x7f' ? std::string(1, c) : escaped_byte(c);
  }
  return out;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string* source, Document& document)
      : source_(source), document_(document) {}

  [[nodiscard]] const Node* root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (has_document_) {
      throw Refused(mark, "a second document begins here: one file holds one document");
    }
    has_document_ = true;
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_leaf(Node::Kind::kNull, mark, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(tag, mark);
    Node& node = add_leaf(Node::Kind::kScalar, mark, anchor);
    node.text = value;
    node.is_quoted = tag == "!";
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(tag, mark);
    open(Node::Kind::kSequence, mark, anchor);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(tag, mark);
    open(Node::Kind::kMap, mark, anchor);
  }

  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end() || found->second.is_open) {
      throw Refused(mark, "an alias inside its own anchor");
    }
    if (open_.size() + found->second.depth > kMaxDepth) {
      throw Refused(mark, too_deep());
    }
    // An alias costs what it stands for: a few lines can otherwise mean millions of nodes.
    count(found->second.size, mark);
    attach(*found->second.node, found->second.depth, mark);
  }

 private:
  struct Anchored {
    Node* node = nullptr;
    std::size_t size = 0;   // nodes, this one included
    std::size_t depth = 0;  // levels, this one included
    bool is_open = true;
  };

  struct Open {
    Node* node;
    YAML::anchor_t anchor;
    std::size_t first_count;  // nodes before this one
    std::size_t depth = 1;    // levels so far, this one included
    Node* key = nullptr;      // a map's key that waits for its value
  };

  static std::string too_deep() {
    return "more than " + std::to_string(kMaxDepth) + " levels of nesting";
  }

  static void refuse_tag(const std::string& tag, const YAML::Mark& mark) {
    // yaml-cpp's own marks: "?" for plain and "!" for quoted scalars.
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused(mark, "tags are not used here: leave " + shown(tag) + " out");
    }
  }

  void count(std::size_t nodes, const YAML::Mark& mark) {
    count_ += nodes;
    if (count_ > kMaxNodes) {
      throw Refused(mark, "more than " + std::to_string(kMaxNodes) + " values in one file");
    }
  }

  Node& add(Node::Kind kind, const YAML::Mark& mark) {
    count(1, mark);
    return document_.add(kind, place_of(mark, source_));
  }

  Node& add_leaf(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Node& node = add(kind, mark);
    if (anchor != YAML::NullAnchor) {
      anchored_[anchor] = {&node, 1, 1, false};
    }
    attach(node, 1, mark);
    return node;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      throw Refused(mark, too_deep());
    }
    const std::size_t before = count_;
    Node& node = add(kind, mark);
    if (anchor != YAML::NullAnchor) {
      anchored_[anchor] = {&node};
    }
    open_.push_back({&node, anchor, before});
  }

  void close() {
    assert(!open_.empty());
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) {
      anchored_[closed.anchor] = {closed.node, count_ - closed.first_count, closed.depth, false};
    }
    attach(*closed.node, closed.depth, YAML::Mark());
  }

  void attach(Node& node, std::size_t depth, const YAML::Mark& mark) {
    if (open_.empty()) {
      root_ = &node;
      return;
    }
    Open& parent = open_.back();
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.node->kind == Node::Kind::kSequence) {
      refuse_more_than(kMaxListItems, parent.node->items.size(), mark);
      parent.node->items.push_back(&node);
    } else if (parent.key == nullptr) {
      refuse_more_than(kMaxMapKeys, parent.node->entries.size(), mark);
      parent.key = &node;
    } else {
      parent.node->entries.push_back({std::exchange(parent.key, nullptr), &node});
    }
  }

  static void refuse_more_than(std::size_t limit, std::size_t size, const YAML::Mark& mark) {
    if (size >= limit) {
      throw Refused(mark, "more than " + std::to_string(limit) + " entries in one map or list");
    }
  }

  const std::string* source_;
  Document& document_;
  Node* root_ = nullptr;
  bool has_document_ = false;
  std::size_t count_ = 0;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchored_;
};

}  // namespace

const Node* read_yaml(std::string_view yaml, const std::string* source, Document& document,
                      Problems& problems) {
  TreeBuilder builder(source, document);
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    problems.error(place_of(refused.mark(), source), refused.reason());
    return nullptr;
  } catch (const YAML::Exception& exception) {
    problems.error(place_of(exception.mark, source), "not YAML: " + visible(exception.msg));
    return nullptr;
  } catch (const std::exception& exception) {
    problems.error({source, 1, 1}, std::string("not YAML: ") + exception.what());
    return nullptr;
  }
  if (builder.root() == nullptr) {
    problems.error({source, 1, 1}, "empty: at least one bridge is needed");
  }
  return builder.root();
}

}  // namespace wsbridged::config
