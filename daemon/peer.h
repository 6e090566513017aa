// SPDX-License-Identifier: MIT
// Socket addresses as values and as text, and who is at the other end of an accepted connection.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "daemon/listener.h"

namespace wsbridged {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  bool operator==(const SocketAddress& other) const;
};

// "127.0.0.1", "::1", "fe80::1%eth0"; empty for other families than IPv4 and IPv6.
[[nodiscard]] std::string numeric_host(const SocketAddress& address);
[[nodiscard]] std::uint16_t port_of(const SocketAddress& address);
void set_port(SocketAddress& address, std::uint16_t port);
[[nodiscard]] bool is_loopback(const SocketAddress& address);
// Are they the same, or one of them any address of the other's family and port?
[[nodiscard]] bool meets(const SocketAddress& a, const SocketAddress& b);
// "127.0.0.1:7001", "[::1]:7001".
[[nodiscard]] std::string to_string(const SocketAddress& address);

// The address that the socket is bound to.
[[nodiscard]] SocketAddress local_address(int descriptor);

// Who connected: by its address, on a Unix socket by what the kernel noted when it connected
// (SO_PEERCRED). A process outside of our pid namespace has no pid.
[[nodiscard]] Peer peer_of(int descriptor, const SocketAddress& remote);

// Fills in the supplementary groups that a Unix peer had when it connected (SO_PEERGROUPS).
void add_groups(int descriptor, Peer& peer);

}  // namespace wsbridged
