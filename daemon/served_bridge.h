// SPDX-License-Identifier: MIT
// A bridge as the main thread serves it: what its sessions share, and the sockets it listens on.
#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "daemon/admission.h"
#include "daemon/bridge.h"
#include "daemon/listener.h"

namespace wsbridged {

// One entry of `listen`: a host name may stand for several sockets.
struct BoundListen {
  config::Listen settings;
  std::vector<std::unique_ptr<Listener>> listeners;
};

struct ServedBridge {
  std::shared_ptr<Bridge> bridge;
  std::unique_ptr<Admission> admission{};  // null once draining
  std::vector<BoundListen> listens{};
  bool is_full = false;  // further connections wait in the accept queue
};

// Each stays where it is: listeners' callbacks refer to it.
using ServedBridges = std::vector<std::unique_ptr<ServedBridge>>;

}  // namespace wsbridged
