// SPDX-License-Identifier: MIT
// What the words of a listener stand for on this system: host names and accounts, looked up. That
// is apart from binding, as it takes as long as name servers and user databases do.
#pragma once

#include <variant>
#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/listener_tcp.h"
#include "daemon/peer.h"
#include "daemon/unix_socket_access.h"

namespace wsbridged {

// By the kind of the address; a socket that systemd passes needs nothing.
using ListenTarget = std::variant<std::monostate, std::vector<SocketAddress>, UnixAccess>;

[[nodiscard]] ws::Result<ListenTarget> look_up(const config::Listen& listen);

// Where a listener is to be, and how.
struct ListenPlace {
  const config::Listen& listen;
  const ListenTarget& target;  // of `listen`
  PortUse use = PortUse::kAlone;
};

}  // namespace wsbridged
