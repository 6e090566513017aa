// SPDX-License-Identifier: MIT
#include "config/bridge_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "config/binder.h"
#include "config/expansion.h"

namespace wsbridged::config {
namespace {

const std::string& as_written(const Node& scalar) {
  return scalar.written.empty() ? scalar.text : scalar.written;
}

// Copies nodes as they were written; what two places share stays shared.
class RawCopy {
 public:
  explicit RawCopy(Document& document) : document_(document) {}

  Node& of(const Node& node) {
    const auto known = copies_.find(&node);
    if (known != copies_.end()) {
      return *known->second;
    }
    Node& copy = document_.add(node.kind, node.place);
    copies_.emplace(&node, &copy);
    copy.text = as_written(node);
    copy.is_quoted = node.is_quoted;
    for (const Node* item : node.items) {
      copy.items.push_back(&of(*item));
    }
    for (const Node::Entry& entry : node.entries) {
      copy.entries.push_back({&of(*entry.key), &of(*entry.value)});
    }
    return copy;
  }

 private:
  Document& document_;
  std::unordered_map<const Node*, Node*> copies_;
};

Loaded read_again(const Node& own, const Node& merged, const Environment& environment) {
  Document document;
  Problems problems;
  RawCopy copy(document);
  const Node& merged_copy = copy.of(merged);
  const Node& own_copy = copy.of(own);
  expand_scalars(document, environment, problems);
  Config config;
  config.bridges.push_back(bind_bridge(own_copy, merged_copy, problems));
  return {std::move(config), problems.take_errors(), problems.take_warnings()};
}

// A map's entries are taken by their keys' names: their order means nothing.
void collect(const std::string& path, const Node& node, References& references) {
  references.add(path, node);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    collect(path + "[" + std::to_string(i) + "]", *node.items[i], references);
  }
  for (const Node::Entry& entry : node.entries) {
    const std::string key = path + "." + as_written(*entry.key);
    references.add(key + " (key)", *entry.key);
    collect(key, *entry.value, references);
  }
}

}  // namespace

bool SharedSource::operator==(const SharedSource& other) const {
  if (shared == nullptr || other.shared == nullptr) {
    return shared == other.shared;
  }
  return shared->references() == other.shared->references();
}

void References::add(const std::string& path, const Node& scalar) {
  if (scalar.files.empty()) {
    return;
  }
  written.push_back(path + ": " + scalar.written);
  for (const std::string& file : scalar.files) {
    if (std::find(files.begin(), files.end(), file) == files.end()) {
      files.push_back(file);
    }
  }
}

References references_below(const Node& node) {
  References references;
  collect("", node, references);
  std::sort(references.files.begin(), references.files.end());
  std::sort(references.written.begin(), references.written.end());
  return references;
}

SharedSource make_source(References references, BridgeSource::Read read) {
  if (references.files.empty()) {
    return {};
  }
  return {std::make_shared<const BridgeSource>(std::move(references), std::move(read))};
}

SourceOf sources_in(std::shared_ptr<Document> document, Environment environment) {
  return [document = std::move(document), environment = std::move(environment)](
             const Node& own, const Node& merged) {
    return make_source(references_below(merged), [document, &own, &merged, environment] {
      return read_again(own, merged, environment);
    });
  };
}

}  // namespace wsbridged::config
