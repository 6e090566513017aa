// SPDX-License-Identifier: MIT
// Host names and address literals as they stand in URLs and cookie domains. Pure text: nothing is
// looked up here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ws/error.h>

namespace ws::protocol {

// Is it a dotted-quad IPv4 address or an IPv6 address without brackets.
[[nodiscard]] bool is_ip_address(std::string_view text);
[[nodiscard]] bool is_ipv6_address(std::string_view text);
// The 4 or 16 bytes of such an address in network order, nullopt when it is none.
[[nodiscard]] std::optional<std::string> address_bytes(std::string_view text);

struct HostName {
  std::string name;       // lower case ASCII, without the trailing dot; or an IPv4 address
  bool absolute = false;  // it was written with a trailing dot
};

// A DNS name or IPv4 address: letters, digits, hyphens inside labels and underscores, labels of at
// most 63 and names of at most 253 characters. UTF-8 is converted (IDNA 2008, UTS 46
// non-transitional). A name that ends in a number is an IPv4 address or wrong, since resolvers
// disagree about forms such as 127.1. The error (kInvalidUrl) does not repeat the text.
[[nodiscard]] Result<HostName> parse_host_name(std::string_view text);

}  // namespace ws::protocol
