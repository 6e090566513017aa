// SPDX-License-Identifier: MIT
// Binds TCP listening sockets: one for every address that the host stands for, all with the same
// port number.
//
// ":PORT" stands for 0.0.0.0 and [::]. An IPv6 socket takes IPv6 only, so "[::]:PORT" and
// "0.0.0.0:PORT" can stand side by side, whatever net.ipv6.bindv6only says.
#pragma once

#include <optional>
#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/listener_socket.h"
#include "daemon/peer.h"

namespace wsbridged {

// With port 0 and several addresses, the port that the system chose for the first may be taken at
// another: then all of them are tried again, this often.
inline constexpr int kPortAttempts = 16;

// Who may have the port besides.
enum class PortUse : unsigned char {
  kAlone,
  kShared,  // other sockets of this process that set_port_use() made shared as well
};

// Two sockets on one port can stand side by side only when both say so (SO_REUSEPORT). It is for
// the moment in which one takes over from the other: for longer, another program of our user could
// share the port as well, and connections would go to one or the other.
void set_port_use(int descriptor, PortUse use);

// Drops the packets that begin a connection, without an answer: their senders try again in a
// second. Connections that are made, or half made, go on.
void ignore_new_clients(int descriptor);

// What the host stands for, without ports: a name is looked up, which takes as long as its name
// servers do. Precondition, here and below: `listen.address` holds a TcpAddress.
[[nodiscard]] ws::Result<std::vector<SocketAddress>> look_up_tcp(const config::Listen& listen);

// Without allow_remote every address must be a loopback one. An address of a family that this
// system does not have is left out when another could be bound. With an error nothing stays bound.
// Nobody reaches these sockets yet: who listens on a wider address goes on to get the clients.
[[nodiscard]] ws::Result<std::vector<ListeningSocket>> bind_tcp(
    const config::Listen& listen, const std::vector<SocketAddress>& addresses,
    PortUse use = PortUse::kAlone);
// From now on clients come to it. What was bound as shared needs the sockets that it was bound
// beside to be shared once more. It fails when another program listens there since bind_tcp().
[[nodiscard]] std::optional<ws::Error> begin_listening(const ListeningSocket& socket, int backlog,
                                                       PortUse use = PortUse::kAlone);
// Both in one.
[[nodiscard]] ws::Result<std::vector<ListeningSocket>> listen_tcp(
    const config::Listen& listen, const std::vector<SocketAddress>& addresses,
    PortUse use = PortUse::kAlone);
// After a look-up.
[[nodiscard]] ws::Result<std::vector<ListeningSocket>> listen_tcp(const config::Listen& listen);

}  // namespace wsbridged
