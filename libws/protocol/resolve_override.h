// SPDX-License-Identifier: MIT
// Where to connect instead of looking a name up, as curl --resolve says it. Pure text.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/error.h>

namespace ws::protocol {

struct ResolveOverride {
  std::string host{};  // as in Url, "*": any
  std::uint16_t port = 0;
  std::vector<std::string> addresses{};  // literals, IPv6 without brackets
  std::string unix_path{};               // instead of addresses
};

// "host:port" to one address, several separated by commas (at most 32), or "unix:PATH". The host
// may be "*"; IPv6 stands in brackets there, and may here. Errors have phase kOptions.
[[nodiscard]] Result<std::vector<ResolveOverride>> parse_resolve(
    const std::map<std::string, std::string>& entries);

// The one for this host and port, one for any host only when there is no other; nullptr: none.
[[nodiscard]] const ResolveOverride* find_override(std::span<const ResolveOverride> overrides,
                                                   std::string_view host, std::uint16_t port);

}  // namespace ws::protocol
