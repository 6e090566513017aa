// SPDX-License-Identifier: MIT
// A YAML document as a tree that keeps what validation needs: both of two equal keys, whether a
// scalar was quoted, and the place of every node. It knows nothing of the configuration's keys.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace wsbridged::config {

struct Node {
  enum class Kind : unsigned char { kNull, kScalar, kSequence, kMap };

  struct Entry {
    Node* key;
    const Node* value;
  };

  Kind kind = Kind::kNull;
  Place place;
  std::string text;
  bool is_quoted = false;    // 'text', "text" or a block scalar
  bool is_expanded = false;  // came out of ${…}: never show `text`
  bool is_unusable = false;  // reported already: do not judge `text`
  // `text` with braces doubled where ${…} brought what looks like a template; empty when it is as
  // `text`.
  std::string quoted_text{};
  std::vector<const Node*> items;
  std::vector<Entry> entries;

  std::string written{};             // `text` before ${…} was expanded; empty: nothing was
  std::vector<std::string> files{};  // that ${file:…} and ${credential:…} read for it

  // For keys that take templates: none of those in it came out of ${…}.
  [[nodiscard]] const std::string& as_template() const {
    return quoted_text.empty() ? text : quoted_text;
  }

  // The value of a map's key; nullptr when it is absent or null, or this is no map.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

// Owns nodes and the names of their sources; addresses stay valid.
class Document {
 public:
  const std::string* add_source(std::string name);
  Node& add(Node::Kind kind, const Place& place);
  Node& add_scalar(std::string text, const Place& place);

  [[nodiscard]] std::deque<Node>& nodes() { return nodes_; }

 private:
  std::deque<std::string> sources_;
  std::deque<Node> nodes_;
};

// What a file may ask for; beyond it is an error with a place.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 100'000;     // after aliases are followed
inline constexpr std::size_t kMaxMapKeys = 1'000;     // of one map
inline constexpr std::size_t kMaxListItems = 10'000;  // of one list

// The root of the only document in `yaml`; nullptr when that is empty or not YAML (an error is in
// `problems`). Duplicate keys and keys that are no words are reported and marked unusable.
const Node* parse_yaml(std::string_view yaml, const std::string& source, Document& document,
                       Problems& problems);

}  // namespace wsbridged::config
