// SPDX-License-Identifier: MIT
// Who connects when the program itself stands for a local program, as in `probe` and `cat`.
#pragma once

#include "daemon/listener.h"

namespace wsbridged {

// This process, as over a Unix socket, from 127.0.0.1 and port 0 where templates ask for it.
[[nodiscard]] Peer own_peer();

}  // namespace wsbridged
