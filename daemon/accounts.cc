// SPDX-License-Identifier: MIT
#include "daemon/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace wsbridged {
namespace {

constexpr std::size_t kDatabaseEntry = std::size_t{16} << 10;  // larger ones count as not found

// All of `text` as a number. The largest means "unchanged" to chown(), so nobody has it.
std::optional<std::uint32_t> parse_account_id(const std::string& text) {
  std::uint32_t id = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc{} || stop != end || id == std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return id;
}

}  // namespace

std::optional<uid_t> find_user(const std::string& name) {
  if (const auto id = parse_account_id(name)) {
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
  if (const auto id = parse_account_id(name)) {
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

}  // namespace wsbridged
