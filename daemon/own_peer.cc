// SPDX-License-Identifier: MIT
#include "daemon/own_peer.h"

#include <unistd.h>

namespace wsbridged {

Peer own_peer() {
  return {.address = "127.0.0.1",
          .port = 0,
          .is_unix = true,
          .uid = getuid(),
          .gid = getgid(),
          .pid = getpid()};
}

}  // namespace wsbridged
