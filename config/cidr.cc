// SPDX-License-Identifier: MIT
#include "config/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace wsbridged::config {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;
constexpr int kMappedBits = 96;  // before the IPv4 address in a mapped one (RFC 4291 2.5.5.2)
constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int bits_of(const IpAddress& address) {
  return address.is_v4 ? kV4Bits : kV6Bits;
}

IpAddress masked(IpAddress address, int prefix) {
  int left = prefix;
  for (std::uint8_t& byte : address.bytes) {
    const int kept = std::clamp(left, 0, 8);
    byte = static_cast<std::uint8_t>(byte & (0xff00U >> static_cast<unsigned>(kept)));
    left -= kept;
  }
  return address;
}

std::optional<int> parse_prefix(std::string_view text, int max) {
  int prefix = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, prefix);
  const bool is_number = error == std::errc{} && stop == end && text.front() != '-' &&
                         (text.front() != '0' || text.size() == 1);
  return is_number && prefix <= max ? std::optional(prefix) : std::nullopt;
}

Refusal refuse() {
  return {"must hold networks such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1", ""};
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string address(text.substr(0, text.find('%')));
  IpAddress parsed;
  if (address.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  if (inet_pton(AF_INET, address.c_str(), parsed.bytes.data()) == 1) {
    parsed.is_v4 = true;
    return address.size() == text.size() ? std::optional(parsed) : std::nullopt;
  }
  if (inet_pton(AF_INET6, address.c_str(), parsed.bytes.data()) != 1) {
    return std::nullopt;
  }
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), parsed.bytes.begin())) {
    IpAddress v4{.is_v4 = true};
    std::copy(parsed.bytes.begin() + kMappedPrefix.size(), parsed.bytes.end(), v4.bytes.begin());
    return v4;
  }
  return parsed;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool Cidr::contains(const IpAddress& address) const {
  return address.is_v4 == network.is_v4 && masked(address, prefix) == network;
}

Parsed<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_ip(host);
  if (!address || host.find('%') != std::string_view::npos) {
    return refuse();
  }
  Cidr cidr{*address, bits_of(*address)};
  if (slash != std::string_view::npos) {
    const bool is_mapped = address->is_v4 && host.find(':') != std::string_view::npos;
    const auto prefix = parse_prefix(text.substr(slash + 1), is_mapped ? kV6Bits : cidr.prefix);
    if (!prefix || (is_mapped && *prefix < kMappedBits)) {
      return refuse();
    }
    cidr.prefix = is_mapped ? *prefix - kMappedBits : *prefix;
  }
  const IpAddress network = masked(*address, cidr.prefix);
  if (network != *address) {
    return Refusal{"must hold networks: no bits behind the prefix",
                   to_string(Cidr{network, cidr.prefix})};
  }
  return cidr;
}

std::string to_string(const Cidr& cidr) {
  return to_string(cidr.network) + "/" + std::to_string(cidr.prefix);
}

}  // namespace wsbridged::config
