// SPDX-License-Identifier: MIT
#include "config/misfits.h"

#include <charconv>

#include "config/ascii.h"
#include "config/problems.h"
#include "config/tables.h"

namespace wsbridged::config {
namespace {

const Node* find_listener(const Node& listen, std::size_t index) {
  const auto nodes = listen_nodes(listen);
  return index < nodes.size() ? nodes[index] : nullptr;
}

// nullptr when there is none.
const Node* find_item(const Node& node, const std::string& item) {
  if (node.kind != Node::Kind::kSequence) {
    return node.find(item);
  }
  std::size_t index = node.items.size();
  std::from_chars(item.data(), item.data() + item.size(), index);
  return index < node.items.size() ? node.items[index] : nullptr;
}

// A message is one line, whatever a path or a name in it holds.
std::string one_line(const std::string& message) {
  std::string line;
  for (const char c : message) {
    line += is_control(c) ? escaped_byte(c) : std::string(1, c);
  }
  return line;
}

// The node of the key itself, or the closest one above it when it stands on a default.
const Node& find_place(const Node& bridge, const Misfit& misfit) {
  const Node* found = &bridge;
  for (const std::string& key : misfit.keys) {
    const Node* const next = found->find(key);
    if (next == nullptr) {
      return *found;
    }
    found = next;
  }
  if (misfit.listener) {
    const Node* const listener = find_listener(*found, *misfit.listener);
    return listener != nullptr ? *listener : *found;
  }
  const Node* const item = misfit.item.empty() ? nullptr : find_item(*found, misfit.item);
  return item != nullptr ? *item : *found;
}

}  // namespace

void check_fit(const Node& merged, const Bridge& bridge, const BridgeCheck& check,
               Problems& problems) {
  if (!check) {
    return;
  }
  for (const Misfit& misfit : check(bridge)) {
    const Node& node = find_place(merged, misfit);
    if (misfit.kind == Misfit::Kind::kWarning) {
      problems.warning(node.place, misfit.keys.back() + ": " + one_line(misfit.message));
      continue;
    }
    const std::string reason =
        node.is_expanded ? "what its reference stands for is refused" : one_line(misfit.message);
    problems.error(node.place, misfit.keys.back() + ": " + reason);
  }
}

}  // namespace wsbridged::config
