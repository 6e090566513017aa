// SPDX-License-Identifier: MIT
// A bridge together with its listeners, for the daemon's own sources.
#pragma once

#include <memory>
#include <vector>

#include "daemon/daemon.h"

namespace wsbridged {

struct Daemon::Served {
  std::shared_ptr<Bridge> bridge;
  std::vector<std::unique_ptr<Listener>> listeners;
  bool is_full = false;  // further connections wait in the accept queue
};

}  // namespace wsbridged
