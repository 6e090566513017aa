// SPDX-License-Identifier: MIT
// IP addresses and networks (RFC 4632 and RFC 4291 section 2.3) as values. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/values.h"

namespace wsbridged::config {

// IPv4 in the first 4 bytes. An IPv4-mapped IPv6 address (::ffff:10.0.0.1) is IPv4 here.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  bool operator==(const IpAddress&) const = default;
};

// A zone ("%eth0") is left out of account.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
[[nodiscard]] std::string to_string(const IpAddress& address);

struct Cidr {
  IpAddress network;
  int prefix = 0;  // bits
  // IPv4 is in no network of IPv6, not in ::/0 either.
  [[nodiscard]] bool contains(const IpAddress& address) const;
  bool operator==(const Cidr&) const = default;
};

// 10.0.0.0/8, 2001:db8::/32, or an address alone. Bits behind the prefix must be 0: the refusal
// suggests the network that was probably meant.
[[nodiscard]] Parsed<Cidr> parse_cidr(std::string_view text);
[[nodiscard]] std::string to_string(const Cidr& cidr);

}  // namespace wsbridged::config
