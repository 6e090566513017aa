// SPDX-License-Identifier: MIT
// Who may connect to a Unix listening socket: the words of the configuration (mode, owner, group)
// as numbers of this system.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>

#include "config/config.h"

namespace wsbridged {

struct UnixAccess {
  mode_t mode = 0600;
  std::optional<uid_t> owner{};  // absent: unchanged
  std::optional<gid_t> group{};
};

// The numbers, or what is wrong in words. Names are looked up in the system's user database.
[[nodiscard]] std::variant<UnixAccess, std::string> resolve_access(const config::Listen& listen);

}  // namespace wsbridged
