// SPDX-License-Identifier: MIT
#include "daemon/peer.h"

#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace wsbridged {
namespace {

// Copies, because a sockaddr_storage may not be read as another type.
template <typename T>
T as(const SocketAddress& address) {
  static_assert(sizeof(T) <= sizeof(sockaddr_storage));
  T value{};
  std::memcpy(&value, &address.storage, sizeof value);
  return value;
}

std::string with_port(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// An IPv4 peer of a socket that takes both families, as systemd makes them, by its own name.
std::string plain_host(std::string host) {
  constexpr std::string_view mapped = "::ffff:";
  const bool is_mapped = host.starts_with(mapped) && host.find('.') != std::string::npos;
  return is_mapped ? host.substr(mapped.size()) : host;
}

}  // namespace

bool SocketAddress::operator==(const SocketAddress& other) const {
  return length == other.length && std::memcmp(&storage, &other.storage, length) == 0;
}

std::string numeric_host(const SocketAddress& address) {
  const auto family = address.storage.ss_family;
  if (family != AF_INET && family != AF_INET6) {
    return {};
  }
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address.storage), address.length, host.data(),
                  host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return {};
  }
  return host.data();
}

std::uint16_t port_of(const SocketAddress& address) {
  switch (address.storage.ss_family) {
    case AF_INET:
      return ntohs(as<sockaddr_in>(address).sin_port);
    case AF_INET6:
      return ntohs(as<sockaddr_in6>(address).sin6_port);
    default:
      return 0;
  }
}

void set_port(SocketAddress& address, std::uint16_t port) {
  // The port is at the same place in both families (RFC 3493 section 3.3 keeps it so).
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const std::uint16_t wire = htons(port);
  std::memcpy(reinterpret_cast<char*>(&address.storage) + offsetof(sockaddr_in, sin_port), &wire,
              sizeof wire);
}

bool is_loopback(const SocketAddress& address) {
  switch (address.storage.ss_family) {
    case AF_INET:
      return ntohl(as<sockaddr_in>(address).sin_addr.s_addr) >> 24 == 127;
    case AF_INET6: {
      const auto v6 = as<sockaddr_in6>(address);
      const auto* bytes = v6.sin6_addr.s6_addr;
      return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
             (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && bytes[12] == 127);
    }
    default:
      return false;
  }
}

std::string to_string(const SocketAddress& address) {
  return with_port(numeric_host(address), port_of(address));
}

SocketAddress local_address(int descriptor) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.length) !=
      0) {
    address.length = 0;
  }
  return address;
}

Peer peer_of(int descriptor, const SocketAddress& remote) {
  Peer peer;
  peer.is_unix = remote.storage.ss_family == AF_UNIX;
  if (!peer.is_unix) {
    peer.address = plain_host(numeric_host(remote));
    peer.port = port_of(remote);
    return peer;
  }
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    if (credentials.pid != 0) {
      peer.pid = credentials.pid;
    }
  }
  return peer;
}

void add_groups(int descriptor, Peer& peer) {
  if (!peer.is_unix) {
    return;
  }
  socklen_t length = 0;
  // Told how many there are, and then in full; a process cannot change those it connected with.
  static_cast<void>(getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, nullptr, &length));
  peer.groups.resize(length / sizeof(gid_t));
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length) != 0) {
    peer.groups.clear();
  }
}

std::string Peer::to_string() const {
  if (!announced) {
    return socket_to_string();
  }
  return announced->address.empty() ? "unix" : with_port(announced->address, announced->port);
}

std::string Peer::socket_to_string() const {
  if (!is_unix) {
    return with_port(address, port);
  }
  std::string text = uid ? "uid " + std::to_string(*uid) : "unix";
  if (pid) {
    text += " pid " + std::to_string(*pid);
  }
  return text;
}

}  // namespace wsbridged
