// SPDX-License-Identifier: MIT
// Merging two maps of nodes into a third.
#include "config/merge.h"

#include <string>
#include <unordered_map>

#include "config/checks.h"

namespace wsbridged::config {
namespace {

enum class KeyCase : unsigned char { kExact, kAny };

std::string comparable(const Node& key, KeyCase key_case) {
  return key_case == KeyCase::kAny ? lower_case(key.text) : key.text;
}

// url and urls replace each other (SPEC: upstream); null and an empty list replace nothing.
bool is_replaced_by_twin(const Node& key, const Node& over) {
  if (key.text != "url" && key.text != "urls") {
    return false;
  }
  const Node* twin = over.find(key.text == "url" ? "urls" : "url");
  return twin != nullptr && !(twin->kind == Node::Kind::kSequence && twin->items.empty());
}

const Node* merge_values(const Node& base, const Node& over, KeyCase key_case, Document& document) {
  if (base.kind != Node::Kind::kMap || over.kind != Node::Kind::kMap) {
    return &over;
  }
  Node& merged = document.add(Node::Kind::kMap, over.place);
  std::unordered_map<std::string, std::size_t> positions;
  merged.entries = over.entries;
  for (std::size_t i = 0; i < over.entries.size(); ++i) {
    positions.emplace(comparable(*over.entries[i].key, key_case), i);
  }
  for (const Node::Entry& entry : base.entries) {
    if (is_replaced_by_twin(*entry.key, over)) {
      continue;
    }
    const auto found = positions.find(comparable(*entry.key, key_case));
    if (found == positions.end()) {
      merged.entries.push_back(entry);
      continue;
    }
    const Node*& value = merged.entries[found->second].value;
    const KeyCase below = entry.key->text == "headers" ? KeyCase::kAny : KeyCase::kExact;
    value = merge_values(*entry.value, *value, below, document);
  }
  return &merged;
}

}  // namespace

const Node* merge(const Node* base, const Node& over, Document& document) {
  return base != nullptr ? merge_values(*base, over, KeyCase::kExact, document) : &over;
}

}  // namespace wsbridged::config
