// SPDX-License-Identifier: MIT
#include "daemon/unix_socket_access.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include "daemon/accounts.h"

namespace wsbridged {
namespace {

// All of `text` as an octal number.
std::optional<std::uint32_t> parse_octal(std::string_view text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, 8);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::variant<UnixAccess, std::string> resolve_access(const config::Listen& listen) {
  UnixAccess access;
  const auto mode = parse_octal(listen.mode);
  if (!mode || *mode > 0777) {
    return "mode '" + listen.mode + "' is not an octal number from 0 to 0777";
  }
  access.mode = *mode;
  if (!listen.owner.empty()) {
    access.owner = find_user(listen.owner);
    if (!access.owner) {
      return "owner '" + listen.owner + "' is no user of this system";
    }
  }
  if (!listen.group.empty()) {
    access.group = find_group(listen.group);
    if (!access.group) {
      return "group '" + listen.group + "' is no group of this system";
    }
  }
  return access;
}

}  // namespace wsbridged
