// SPDX-License-Identifier: MIT
// --admin and WSBRIDGED_ADMIN: an address that stands for admin.listen.
#pragma once

#include <string>
#include <variant>

#include "config/loader.h"

namespace wsbridged::config {

struct AdminFlag {
  std::string text;
  std::string source;  // the flag or the variable
};

// The address after ${…} was expanded.
[[nodiscard]] std::variant<Address, Problem> read_admin_flag(const AdminFlag& flag,
                                                             const Environment& environment);

// Replaces admin.listen of what was loaded; what is wrong joins the errors.
void override_admin(const AdminFlag& flag, const Environment& environment, Loaded& loaded);

}  // namespace wsbridged::config
