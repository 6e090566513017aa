// SPDX-License-Identifier: MIT
// One blocking look-up through getaddrinfo.
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "net/resolver.h"

namespace ws::net {
namespace {

constexpr std::string_view kLocalhost = "localhost";

// RFC 6761 section 6.3: these names mean this machine, whatever its interfaces are.
bool is_localhost(std::string_view host) {
  return host == kLocalhost ||
         (host.ends_with(kLocalhost) && host[host.size() - kLocalhost.size() - 1] == '.');
}

Error resolve_error(const std::string& host, int status, int system_errno) {
  const std::string reason = status == EAI_SYSTEM ? std::generic_category().message(system_errno)
                                                  : std::string(gai_strerror(status));
  return Error{.phase = Phase::kResolve,
               .code = ErrorCode::kResolveFailed,
               .message = "resolve " + host + ": " + reason,
               .system_errno = status == EAI_SYSTEM ? system_errno : 0};
}

Address copy_address(const addrinfo& entry) {
  Address address;
  address.length = entry.ai_addrlen;
  std::memcpy(&address.storage, entry.ai_addr, entry.ai_addrlen);
  return address;
}

}  // namespace

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // AI_ADDRCONFIG spares a query for a family that this machine has no address of. It ignores
  // loopback addresses, so it would hide ::1 on a machine with IPv4 alone.
  hints.ai_flags = AI_NUMERICSERV | (is_localhost(host) ? 0 : AI_ADDRCONFIG);
  addrinfo* list = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (status != 0) {
    return resolve_error(host, status, errno);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) {
      addresses.push_back(copy_address(*entry));
    }
  }
  if (addresses.empty()) {
    return resolve_error(host, EAI_NONAME, 0);
  }
  return addresses;
}

}  // namespace ws::net
