// SPDX-License-Identifier: MIT
// Socket addresses as text, and text as addresses where it spells one.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "net/resolver.h"

namespace ws::net {
namespace {

constexpr socklen_t kPathOffset = offsetof(sockaddr_un, sun_path);

template <typename Socket>
Socket view_as(const Address& address) {
  Socket socket{};
  std::memcpy(&socket, &address.storage, sizeof socket);
  return socket;
}

template <typename Socket>
Address to_address(const Socket& socket) {
  Address address;
  std::memcpy(&address.storage, &socket, sizeof socket);
  address.length = sizeof socket;
  return address;
}

std::string text_of(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(ntohs(address.sin_port));
}

std::string text_of(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  std::string host(text.data());
  if (address.sin6_scope_id != 0) {  // a link-local address means nothing without its link
    host += "%" + std::to_string(address.sin6_scope_id);
  }
  return "[" + host + "]:" + std::to_string(ntohs(address.sin6_port));
}

std::string text_of(const sockaddr_un& address, socklen_t length) {
  if (length <= kPathOffset) {
    return "unix:";
  }
  if (address.sun_path[0] == '\0') {
    return "unix:@" + std::string(&address.sun_path[1], length - kPathOffset - 1);
  }
  return "unix:" + std::string(address.sun_path, strnlen(address.sun_path, length - kPathOffset));
}

}  // namespace

std::string to_string(const Address& address) {
  switch (address.storage.ss_family) {
    case AF_INET:
      return text_of(view_as<sockaddr_in>(address));
    case AF_INET6:
      return text_of(view_as<sockaddr_in6>(address));
    case AF_UNIX:
      return text_of(view_as<sockaddr_un>(address), address.length);
    default:
      return "an address of family " + std::to_string(address.storage.ss_family);
  }
}

std::optional<Address> parse_address_literal(const std::string& host, std::uint16_t port) {
  sockaddr_in v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return to_address(v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return to_address(v6);
  }
  return std::nullopt;
}

}  // namespace ws::net
