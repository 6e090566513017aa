// SPDX-License-Identifier: MIT
// What the keys of `admin` cannot judge alone: who may reach it, and what its keys mean together.
#pragma once

#include <string_view>

#include "config/config.h"
#include "config/document.h"

namespace wsbridged::config {

inline constexpr std::string_view kAdminNotLocal =
    "listen of admin must be a Unix socket or a loopback address; what other machines may read is "
    "served on metrics";

// `node` is the map it was read from; null: the section is absent.
void check_admin(const Node* node, const Admin& admin, Problems& problems);
// For the program itself, which is to compare the token.
void check_admin_token(const Node* node, const Admin& admin, Problems& problems);

}  // namespace wsbridged::config
