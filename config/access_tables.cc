// SPDX-License-Identifier: MIT
// The lists that say who may connect, and who speaks the PROXY protocol.
#include <string>
#include <utility>

#include "config/tables.h"

namespace wsbridged::config {
namespace {

Parsed<std::string> check_present_account(std::string_view text) {
  if (text.empty()) {
    return Refusal{"must not hold an empty name", ""};
  }
  return check_account(text);
}

template <class Owner>
auto account_list(std::vector<std::string> Owner::*member) {
  return [member](const Field& field, Owner& owner, Problems& problems) {
    if (!is_list(field, kMaxAccessRules, problems)) {
      return;
    }
    (owner.*member).clear();
    for (const Node* node : field.node.items) {
      const Field item{field.key, *node};
      if (is_scalar(item, problems)) {
        store(check_present_account(node->text), (owner.*member).emplace_back(), item,
              Secrecy::kPlain, problems);
      }
    }
  };
}

void read_cidr(const Field& item, std::vector<Cidr>& cidrs, Problems& problems) {
  if (is_scalar(item, problems)) {
    store(parse_cidr(item.node.text), cidrs.emplace_back(), item, Secrecy::kPlain, problems);
  }
}

void read_allow_cidrs(const Field& field, Access& access, Problems& problems) {
  if (!is_list(field, kMaxAccessRules, problems)) {
    return;
  }
  access.allow_cidrs.clear();
  for (const Node* node : field.node.items) {
    read_cidr({field.key, *node}, access.allow_cidrs, problems);
  }
}

void read_from(const Field& field, ProxyProtocol& proxy_protocol, Problems& problems) {
  if (!is_list(field, kMaxAccessRules, problems)) {
    return;
  }
  proxy_protocol = {};
  for (const Node* node : field.node.items) {
    if (node->kind == Node::Kind::kScalar && node->text == "unix") {
      proxy_protocol.from_unix = true;
    } else {
      read_cidr({field.key, *node}, proxy_protocol.from, problems);
    }
  }
}

}  // namespace

const Table<ProxyProtocol>& proxy_protocol_table() {
  static const Table<ProxyProtocol> table = {{"from", read_from}};
  return table;
}

const Table<Access>& access_table() {
  static const Table<Access> table = {
      {"allow_uids", account_list(&Access::allow_uids)},
      {"allow_gids", account_list(&Access::allow_gids)},
      {"allow_cidrs", read_allow_cidrs},
  };
  return table;
}

}  // namespace wsbridged::config
