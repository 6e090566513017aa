// SPDX-License-Identifier: MIT
// Nodes, and the checks of YAML text that its parser does not make.
#include "config/document.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "config/utf8.h"
#include "config/yaml_reader.h"

namespace wsbridged::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

Place place_of_offset(std::string_view text, std::size_t offset, const std::string* source) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {source, static_cast<int>(line), static_cast<int>(offset - line_start) + 1};
}

std::optional<std::size_t> find_control_character(std::string_view text) {
  const auto* found = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  });
  if (found == text.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - text.begin());
}

// The parser guesses UTF-16 and takes control characters; we take neither.
bool is_clean_text(std::string_view yaml, const std::string* source, Problems& problems) {
  if (yaml.size() > kMaxFileBytes) {
    problems.error({source, 0, 0}, "is larger than 1 MiB");
    return false;
  }
  if (const auto offset = find_invalid_utf8(yaml)) {
    problems.error(place_of_offset(yaml, *offset, source), "invalid UTF-8: save it as UTF-8");
    return false;
  }
  if (const auto offset = find_control_character(yaml)) {
    problems.error(place_of_offset(yaml, *offset, source),
                   "control character: write it as an escape inside double quotes");
    return false;
  }
  return true;
}

void check_keys(const Node& map, Problems& problems) {
  std::unordered_map<std::string_view, const Node*> seen;
  for (const Node::Entry& entry : map.entries) {
    const auto [first, is_new] = seen.emplace(entry.key->text, entry.key);
    if (entry.key->kind != Node::Kind::kScalar) {
      problems.error(entry.key->place, "a key must be a word");
    } else if (!is_new) {
      problems.error(entry.key->place, "duplicate key " + shown(entry.key->text) +
                                           ", first at line " +
                                           std::to_string(first->second->place.line));
    } else {
      continue;
    }
    entry.key->is_unusable = true;
  }
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key->text == key && !entry.key->is_unusable) {
      return entry.value->kind == Kind::kNull ? nullptr : entry.value;
    }
  }
  return nullptr;
}

const std::string* Document::add_source(std::string name) {
  return &sources_.emplace_back(std::move(name));
}

Node& Document::add(Node::Kind kind, const Place& place) {
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  node.place = place;
  return node;
}

Node& Document::add_scalar(std::string text, const Place& place) {
  Node& node = add(Node::Kind::kScalar, place);
  node.text = std::move(text);
  return node;
}

const Node* parse_yaml(std::string_view yaml, const std::string& source, Document& document,
                       Problems& problems) {
  const std::string* name = document.add_source(source);
  if (yaml.starts_with(kByteOrderMark)) {
    yaml.remove_prefix(kByteOrderMark.size());
  }
  if (!is_clean_text(yaml, name, problems)) {
    return nullptr;
  }
  const Node* root = read_yaml(yaml, name, document, problems);
  if (root == nullptr) {
    return nullptr;
  }
  for (const Node& node : document.nodes()) {
    check_keys(node, problems);
  }
  return root;
}

}  // namespace wsbridged::config
