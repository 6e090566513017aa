// SPDX-License-Identifier: MIT
#include "config/admin_flag.h"

#include "config/admin_rules.h"
#include "config/document.h"
#include "config/expansion.h"
#include "config/tables.h"

namespace wsbridged::config {

std::variant<Address, Problem> read_admin_flag(const AdminFlag& flag,
                                               const Environment& environment) {
  Document document;
  Problems problems;
  const Place place{document.add_source(flag.source), 0, 0};
  const Node& value = document.add_scalar(flag.text, place);
  expand_scalars(document, environment, problems);
  Node& map = document.add(Node::Kind::kMap, place);
  map.entries.push_back({&document.add_scalar("listen", place), &value});
  Admin admin;
  read_map({"--admin", map}, admin_table(), admin, problems);
  if (problems.error_count() == 0 && !admin.listen) {
    problems.error(place, "listen must be unix:PATH or HOST:PORT");
  }
  if (problems.error_count() > 0) {
    return problems.take_errors().front();
  }
  return *admin.listen;
}

void override_admin(const AdminFlag& flag, const Environment& environment, Loaded& loaded) {
  auto read = read_admin_flag(flag, environment);
  if (auto* problem = std::get_if<Problem>(&read)) {
    loaded.errors.push_back(std::move(*problem));
    return;
  }
  auto& address = std::get<Address>(read);
  const auto* tcp = std::get_if<TcpAddress>(&address);
  if (tcp != nullptr && !is_loopback(*tcp)) {
    loaded.errors.push_back({flag.source, 0, 0, std::string(kAdminNotLocal)});
    return;
  }
  loaded.config.admin.listen = std::move(address);
}

}  // namespace wsbridged::config
