// SPDX-License-Identifier: MIT
// The authority of a URL (RFC 3986 section 3.2), as it stands in URLs of servers and of proxies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ws/error.h>

#include "protocol/host.h"

namespace ws::protocol {

struct Authority {
  std::string user{};                   // percent-decoded, without control characters and colons
  std::string password{};               // percent-decoded, without control characters
  HostName host{};                      // a name or an address, IPv6 without its brackets
  std::optional<std::uint16_t> port{};  // none: absent or empty (section 3.2.3)
};

// [user[:password]@]host[:port]. The error (kInvalidUrl) says what is wrong and repeats nothing: a
// misplaced character can make a password look like any other part.
[[nodiscard]] Result<Authority> parse_authority(std::string_view text);

}  // namespace ws::protocol
