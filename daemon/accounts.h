// SPDX-License-Identifier: MIT
// Users and groups of the configuration, names or numbers, as this system knows them.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace wsbridged {

// Names are looked up in the system's user database; a number need not be in it.
[[nodiscard]] std::optional<uid_t> find_user(const std::string& name);
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

}  // namespace wsbridged
