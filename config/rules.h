// SPDX-License-Identifier: MIT
// What no key can judge alone: keys that are needed, that exclude each other, or that two bridges
// must not share; and what is legal but unwise.
#pragma once

#include <initializer_list>
#include <string_view>

#include "config/config.h"
#include "config/document.h"

namespace wsbridged::config {

// A bridge with the nodes it was read from: `own` as written, `merged` with the defaults under it.
struct BoundBridge {
  const Node& own;
  const Node& merged;
  const Bridge& bridge;
};

// The node at the end of the keys; nullptr where one of them is absent or null.
[[nodiscard]] const Node* find_path(const Node& node, std::initializer_list<std::string_view> keys);

// Defaults that depend on another key: message_type on mode, binary_messages on message_type.
void apply_dependent_defaults(const Node& merged, Bridge& bridge);

void check_bridge(const BoundBridge& bound, Problems& problems);

// `merged` holds all bridges: names and addresses are each used once. `admin` may be null; its
// addresses count too.
void check_bridges(const std::vector<const Node*>& merged, const Node* admin, Problems& problems);

}  // namespace wsbridged::config
