// SPDX-License-Identifier: MIT
// Where the admin listener is to be, with its names looked up. That is apart from binding, as for
// bridges (listen_target.h): it takes as long as name servers do, and a reload does it on a thread
// of its own.
#pragma once

#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/admin_gate.h"
#include "daemon/listen_target.h"

namespace wsbridged {

struct AdminPlace {
  AdminDoor::Serves serves = AdminDoor::Serves::kAll;
  config::Listen listen{};
  ws::Result<ListenTarget> target;  // of `listen`
};

// admin.listen first.
using AdminPlaces = std::vector<AdminPlace>;

[[nodiscard]] AdminPlaces look_up(const config::Admin& admin);

}  // namespace wsbridged
