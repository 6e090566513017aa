// SPDX-License-Identifier: MIT
// Reads the tables, lays each bridge over the defaults, applies the rules.
#include "config/binder.h"

#include <string>
#include <vector>

#include "config/admin_rules.h"
#include "config/merge.h"
#include "config/misfits.h"
#include "config/rules.h"
#include "config/tables.h"

namespace wsbridged::config {
namespace {

constexpr std::string_view kBridge = "a bridge";

// Judged alone as well, so that an error in a default shows even when every bridge replaces it.
const Node* read_defaults(const File& file, Problems& problems) {
  if (file.defaults == nullptr) {
    return nullptr;
  }
  Bridge scratch;
  read_map({"defaults", *file.defaults}, bridge_table(), scratch, problems);
  return file.defaults->kind == Node::Kind::kMap ? file.defaults : nullptr;
}

void read_bridges(File& file, Document& document, Problems& problems, const SourceOf& source_of,
                  const BridgeCheck& check) {
  std::vector<Bridge>& bridges = file.config.bridges;
  const Node* defaults = read_defaults(file, problems);
  std::vector<const Node*> all;
  for (const Node* own : file.bridges->items) {
    if (problems.is_full()) {
      return;
    }
    if (!is_map({kBridge, *own}, problems)) {
      continue;
    }
    const Node* merged = merge(defaults, *own, document);
    const std::size_t errors_before = problems.error_count();
    bridges.push_back(bind_bridge(*own, *merged, problems));
    if (problems.error_count() == 0) {  // else nothing of it is used, and its aliases may be a bomb
      bridges.back().source = source_of(*own, *merged);
    }
    if (problems.error_count() == errors_before) {
      check_fit(*merged, bridges.back(), check, problems);
    }
    all.push_back(merged);
  }
  check_bridges(all, file.admin, problems);
}

}  // namespace

Bridge bind_bridge(const Node& own, const Node& merged, Problems& problems) {
  Bridge bridge;
  read_map({kBridge, merged}, bridge_table(), bridge, problems);
  apply_dependent_defaults(merged, bridge);
  check_bridge({own, merged, bridge}, problems);
  return bridge;
}

Loaded bind_config(const Node& root, Document& document, Problems& problems,
                   const SourceOf& source_of, const BridgeCheck& check) {
  File file;
  const Field top{"the configuration", root};
  read_map(top, file_table(), file, problems);
  const Node* bridges = root.find("bridges");
  check_admin(file.admin, file.config.admin, problems);
  check_admin_token(file.admin, file.config.admin, problems);
  if (file.bridges != nullptr) {
    read_bridges(file, document, problems, source_of, check);
  } else {
    read_defaults(file, problems);
  }
  if (root.kind == Node::Kind::kMap &&
      (bridges == nullptr || (file.bridges != nullptr && bridges->items.empty()))) {
    problems.error(bridges != nullptr ? bridges->place : root.place,
                   "bridges: at least one bridge is needed");
  }
  return {std::move(file.config), problems.take_errors(), problems.take_warnings()};
}

}  // namespace wsbridged::config
