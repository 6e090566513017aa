// SPDX-License-Identifier: MIT
// Binds TCP listening sockets: one for every address that the host stands for, all with the same
// port number.
//
// ":PORT" stands for 0.0.0.0 and [::]. An IPv6 socket takes IPv6 only, so "[::]:PORT" and
// "0.0.0.0:PORT" can stand side by side, whatever net.ipv6.bindv6only says.
#pragma once

#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

// With port 0 and several addresses, the port that the system chose for the first may be taken at
// another: then all of them are tried again, this often.
inline constexpr int kPortAttempts = 16;

// Precondition: `listen.address` holds a TcpAddress. Looks a host name up, blocking. Without
// allow_remote every address must be a loopback one. An address of a family that this system does
// not have is left out when another could be bound. With an error nothing stays bound.
[[nodiscard]] ws::Result<std::vector<ListeningSocket>> listen_tcp(const config::Listen& listen);

}  // namespace wsbridged
