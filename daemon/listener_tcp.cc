// SPDX-License-Identifier: MIT
#include "daemon/listener_tcp.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/peer.h"

namespace wsbridged {
namespace {

using Sockets = std::vector<ListeningSocket>;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

struct LookUp {
  AddressList list;
  int status = 0;  // of getaddrinfo()
};

LookUp look_up(const char* host, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  // A service is given so that host may be absent.
  const int status = getaddrinfo(host, "0", &hints, &list);
  return {.list = AddressList(status == 0 ? list : nullptr), .status = status};
}

LookUp look_up_host(const std::string& host) {
  if (host.empty()) {
    return look_up(nullptr, AI_PASSIVE | AI_NUMERICSERV);
  }
  LookUp found = look_up(host.c_str(), AI_NUMERICSERV);
  if (found.status != 0 && host == "localhost") {
    // Without /etc/hosts, as on an empty container: it is loopback all the same (RFC 6761 6.3).
    return look_up(nullptr, AI_NUMERICSERV);
  }
  return found;
}

std::vector<SocketAddress> distinct_addresses(const addrinfo* list) {
  std::vector<SocketAddress> addresses;
  for (; list != nullptr; list = list->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
    address.length = list->ai_addrlen;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  // IPv4 first: what prints one of the addresses prints the one that works everywhere.
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const SocketAddress& a) { return a.storage.ss_family == AF_INET; });
  return addresses;
}

void set_option(int descriptor, int level, int name) {
  const int on = 1;
  // A kernel without the option listens all the same.
  static_cast<void>(setsockopt(descriptor, level, name, &on, sizeof on));
}

std::string advice(int system_errno, const std::string& host) {
  switch (system_errno) {
    case EADDRINUSE:
      return "another program listens there ('ss -ltnp' names it)";
    case EADDRNOTAVAIL:
      return host + " is no address of this machine";
    case EACCES:
      return "ports below 1024 need CAP_NET_BIND_SERVICE";
    default:
      return "";
  }
}

bool is_missing_family(int family, int system_errno) {
  return family == AF_INET6 && (system_errno == EAFNOSUPPORT || system_errno == EADDRNOTAVAIL);
}

// One round over all addresses of a host.
class TcpBinder {
 public:
  TcpBinder(const config::Listen& listen, const config::TcpAddress& address)
      : listen_(listen), address_(address), text_(config::to_string(listen.address)) {}

  ws::Result<Sockets> run(const std::vector<SocketAddress>& addresses);

 private:
  // The socket, or errno.
  std::variant<Descriptor, int> listen_on(SocketAddress address, std::uint16_t port) const;
  ws::Result<Sockets> round(const std::vector<SocketAddress>& addresses);

  const config::Listen& listen_;
  const config::TcpAddress& address_;
  std::string text_;
};

ws::Result<Sockets> TcpBinder::run(const std::vector<SocketAddress>& addresses) {
  for (int attempt = 1;; ++attempt) {
    auto sockets = round(addresses);
    const bool is_port_race =
        !sockets && address_.port == 0 && sockets.error().system_errno == EADDRINUSE;
    if (!is_port_race || attempt == kPortAttempts) {
      return sockets;
    }
  }
}

ws::Result<Sockets> TcpBinder::round(const std::vector<SocketAddress>& addresses) {
  Sockets sockets;
  std::uint16_t port = address_.port;
  std::optional<ws::Error> left_out;
  for (const SocketAddress& address : addresses) {
    auto bound = listen_on(address, port);
    if (const int* error = std::get_if<int>(&bound)) {
      ws::Error problem = listen_error(text_, advice(*error, numeric_host(address)), *error);
      if (!is_missing_family(address.storage.ss_family, *error)) {
        return problem;
      }
      left_out = std::move(problem);
      continue;
    }
    auto& descriptor = std::get<Descriptor>(bound);
    const SocketAddress local = local_address(descriptor.get());
    port = port_of(local);
    sockets.push_back({.descriptor = std::move(descriptor), .address = to_string(local)});
  }
  if (sockets.empty() && left_out) {
    return std::move(*left_out);
  }
  return sockets;
}

std::variant<Descriptor, int> TcpBinder::listen_on(SocketAddress address,
                                                   std::uint16_t port) const {
  Descriptor descriptor(
      socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor) {
    return errno;
  }
  const int fd = descriptor.get();
  set_option(fd, SOL_SOCKET, SO_REUSEADDR);
  if (address.storage.ss_family == AF_INET6) {
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  }
  set_port(address, port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
      listen(fd, listen_.backlog) != 0) {
    return errno;
  }
  return descriptor;
}

std::optional<std::string> first_remote(const std::vector<SocketAddress>& addresses) {
  const auto remote = std::find_if_not(addresses.begin(), addresses.end(), is_loopback);
  return remote == addresses.end() ? std::nullopt : std::optional(numeric_host(*remote));
}

}  // namespace

ws::Result<Sockets> listen_tcp(const config::Listen& listen) {
  const auto& address = std::get<config::TcpAddress>(listen.address);
  const std::string text = config::to_string(listen.address);
  const LookUp found = look_up_host(address.host);
  if (found.status != 0) {
    return listen_error(text, "look up '" + address.host + "': " + gai_strerror(found.status));
  }
  const auto addresses = distinct_addresses(found.list.get());
  if (const auto remote = listen.allow_remote ? std::nullopt : first_remote(addresses)) {
    return remote_error(text, *remote);
  }
  return TcpBinder(listen, address).run(addresses);
}

}  // namespace wsbridged
