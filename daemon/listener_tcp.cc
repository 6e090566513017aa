// SPDX-License-Identifier: MIT
#include "daemon/listener_tcp.h"

#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

void set_option(int descriptor, int level, int name, int value = 1) {
  // A kernel without the option listens all the same.
  static_cast<void>(setsockopt(descriptor, level, name, &value, sizeof value));
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
  TcpBinder(const config::Listen& listen, PortUse use)
      : address_(std::get<config::TcpAddress>(listen.address)),
        use_(use),
        text_(config::to_string(listen.address)) {}

  ws::Result<Sockets> run(const std::vector<SocketAddress>& addresses);

 private:
  // The socket, or errno.
  std::variant<Descriptor, int> bind_to(SocketAddress address, std::uint16_t port) const;
  ws::Result<Sockets> round(const std::vector<SocketAddress>& addresses);

  const config::TcpAddress& address_;
  PortUse use_;
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
    auto bound = bind_to(address, port);
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
    if (local.length == 0) {
      return listen_error(text_, "ask which port it is", errno);
    }
    port = port_of(local);
    sockets.push_back({.descriptor = std::move(descriptor), .address = to_string(local)});
  }
  if (sockets.empty() && left_out) {
    return std::move(*left_out);
  }
  return sockets;
}

std::variant<Descriptor, int> TcpBinder::bind_to(SocketAddress address, std::uint16_t port) const {
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
  set_port_use(fd, use_);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) {
    return errno;
  }
  set_port_use(fd, PortUse::kAlone);
  return descriptor;
}

std::optional<std::string> first_remote(const std::vector<SocketAddress>& addresses) {
  const auto remote = std::find_if_not(addresses.begin(), addresses.end(), is_loopback);
  return remote == addresses.end() ? std::nullopt : std::optional(numeric_host(*remote));
}

}  // namespace

void set_port_use(int descriptor, PortUse use) {
  set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, use == PortUse::kShared ? 1 : 0);
}

void ignore_new_clients(int descriptor) {
  constexpr std::uint32_t flags_at = 13;  // RFC 9293 3.1, in the TCP header
  constexpr std::uint32_t syn = 0x02;
  constexpr std::uint32_t syn_ack = 0x12;
  std::array<sock_filter, 5> program{
      {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn_ack),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
       BPF_STMT(BPF_RET | BPF_K, 0xffffffff)}};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  // Where it cannot be, who comes in between is reset.
  static_cast<void>(setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

ws::Result<std::vector<SocketAddress>> look_up_tcp(const config::Listen& listen) {
  const std::string& host = std::get<config::TcpAddress>(listen.address).host;
  const LookUp found = look_up_host(host);
  if (found.status != 0) {
    return listen_error(config::to_string(listen.address),
                        "look up '" + host + "': " + gai_strerror(found.status));
  }
  return distinct_addresses(found.list.get());
}

ws::Result<Sockets> bind_tcp(const config::Listen& listen,
                             const std::vector<SocketAddress>& addresses, PortUse use) {
  if (const auto remote = listen.allow_remote ? std::nullopt : first_remote(addresses)) {
    return remote_error(config::to_string(listen.address), *remote);
  }
  return TcpBinder(listen, use).run(addresses);
}

std::optional<ws::Error> begin_listening(const ListeningSocket& socket, int backlog, PortUse use) {
  const int fd = socket.descriptor.get();
  set_port_use(fd, use);  // Linux looks for others on the port once more
  const int error = listen(fd, backlog) == 0 ? 0 : errno;
  set_port_use(fd, PortUse::kAlone);
  if (error != 0) {
    return listen_error(socket.address, advice(error, numeric_host(local_address(fd))), error);
  }
  return std::nullopt;
}

ws::Result<Sockets> listen_tcp(const config::Listen& listen,
                               const std::vector<SocketAddress>& addresses, PortUse use) {
  auto sockets = bind_tcp(listen, addresses, use);
  if (sockets) {
    for (const ListeningSocket& socket : sockets.value()) {
      if (auto error = begin_listening(socket, listen.backlog, use)) {
        return std::move(*error);
      }
    }
  }
  return sockets;
}

ws::Result<Sockets> listen_tcp(const config::Listen& listen) {
  const auto addresses = look_up_tcp(listen);
  if (!addresses) {
    return addresses.error();
  }
  return listen_tcp(listen, addresses.value());
}

}  // namespace wsbridged
