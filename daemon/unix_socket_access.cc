// SPDX-License-Identifier: MIT
#include "daemon/unix_socket_access.h"

#include <grp.h>
#include <pwd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

namespace wsbridged {
namespace {

constexpr std::size_t kDatabaseEntry = std::size_t{16} << 10;  // larger ones count as not found

// All of `text` as a number in `base`.
std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return number;
}

// The largest number means "unchanged" to chown(), so nobody has it.
std::optional<std::uint32_t> parse_id(std::string_view text) {
  const auto id = parse_number(text, 10);
  return id == std::numeric_limits<std::uint32_t>::max() ? std::nullopt : id;
}

std::optional<uid_t> find_user(const std::string& name) {
  if (const auto id = parse_id(name)) {
    return id;
  }
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, kDatabaseEntry> buffer{};
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return found->pw_uid;
}

std::optional<gid_t> find_group(const std::string& name) {
  if (const auto id = parse_id(name)) {
    return id;
  }
  group entry{};
  group* found = nullptr;
  std::array<char, kDatabaseEntry> buffer{};
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

}  // namespace

std::variant<UnixAccess, std::string> resolve_access(const config::Listen& listen) {
  UnixAccess access;
  const auto mode = parse_number(listen.mode, 8);
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
