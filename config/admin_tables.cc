// SPDX-License-Identifier: MIT
// The keys of `admin`.
#include <optional>
#include <string>
#include <variant>

#include "config/tables.h"

namespace wsbridged::config {
namespace {

constexpr const char* kNotHere = "takes no sockets from systemd: give unix:PATH or HOST:PORT";

// Empty is off, as null is.
template <std::optional<Address> Admin::*member>
void read_admin_address(const Field& field, Admin& admin, Problems& problems) {
  if (!is_scalar(field, problems) || field.node.text.empty()) {
    return;
  }
  const auto parsed = parse_address(field.node.text);
  const auto* const address = std::get_if<Address>(&parsed);
  if (address != nullptr && !std::holds_alternative<SystemdAddress>(*address)) {
    admin.*member = *address;
    return;
  }
  report_refusal(field, {address != nullptr ? kNotHere : std::get<std::string>(parsed), ""},
                 Secrecy::kPlain, problems);
}

// What is in it matters to the program, not to a `ctl` that may not even read it: see
// check_admin_token().
Parsed<std::string> take(std::string_view text) {
  return std::string(text);
}

}  // namespace

const Table<Admin>& admin_table() {
  static const Table<Admin> table = {
      {"listen", read_admin_address<&Admin::listen>},
      {"metrics", read_admin_address<&Admin::metrics>},
      {"token_file", text(&Admin::token_file, take)},
  };
  return table;
}

}  // namespace wsbridged::config
