// SPDX-License-Identifier: MIT
#include "config/admin_section.h"

#include <algorithm>
#include <utility>

#include "config/admin_rules.h"
#include "config/document.h"
#include "config/expansion.h"
#include "config/input_file.h"
#include "config/tables.h"

namespace wsbridged::config {
namespace {

// A document of its own, so that references in other places are not followed.
Node& copy(const Node& from, Document& to) {
  Node& node = to.add(from.kind, from.place);
  node.text = from.text;
  node.is_quoted = from.is_quoted;
  node.is_unusable = from.is_unusable;
  for (const Node* item : from.items) {
    node.items.push_back(&copy(*item, to));
  }
  for (const Node::Entry& entry : from.entries) {
    Node& key = copy(*entry.key, to);
    node.entries.push_back({&key, &copy(*entry.value, to)});
  }
  return node;
}

// Of equal keys, for example, nobody can say which one the program took.
bool has_unusable(const Node& node) {
  return node.is_unusable ||
         std::any_of(node.items.begin(), node.items.end(),
                     [](const Node* item) { return has_unusable(*item); }) ||
         std::any_of(node.entries.begin(), node.entries.end(), [](const Node::Entry& entry) {
           return has_unusable(*entry.key) || has_unusable(*entry.value);
         });
}

bool has_unusable_admin(const Node& root) {
  return std::any_of(root.entries.begin(), root.entries.end(), [](const Node::Entry& entry) {
    return entry.key->text == "admin" && (has_unusable(*entry.key) || has_unusable(*entry.value));
  });
}

}  // namespace

AdminSection load_admin_section(const std::string& path, const Environment& environment) {
  auto file = read_input_file(path, {kMaxFileBytes, InputKind::kAnyFile});
  if (const auto* failure = std::get_if<InputFailure>(&file)) {
    return std::vector<Problem>{{path, 0, 0, failure->reason}};
  }
  return read_admin_section(std::get<std::string>(file), path, environment);
}

AdminSection read_admin_section(std::string_view yaml, const std::string& source,
                                const Environment& environment) {
  Document whole;
  Problems of_whole;
  const Node* const root = parse_yaml(yaml, source, whole, of_whole);
  if (root != nullptr && root->kind != Node::Kind::kMap) {
    of_whole.error(root->place, "the configuration must be a map of keys");
    return of_whole.take_errors();
  }
  if (root == nullptr || has_unusable_admin(*root)) {
    return of_whole.take_errors();
  }
  const Node* const written = root->find("admin");
  Admin admin;
  if (written == nullptr) {
    return admin;
  }
  Document own;
  Problems problems;
  const Node& section = copy(*written, own);
  expand_scalars(own, environment, problems);
  read_map({"admin", section}, admin_table(), admin, problems);
  check_admin(&section, admin, problems);
  if (problems.error_count() > 0) {
    return problems.take_errors();
  }
  return admin;
}

}  // namespace wsbridged::config
