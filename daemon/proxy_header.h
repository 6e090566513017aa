// SPDX-License-Identifier: MIT
// The header of HAProxy's PROXY protocol, versions 1 and 2: who really connected, told by a proxy
// at the beginning of a connection. Pure: bytes in, a value out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace wsbridged {

inline constexpr std::size_t kMaxProxyLine = 107;                   // version 1, with CRLF
inline constexpr std::size_t kProxyFixed = 16;                      // version 2, up to here
inline constexpr std::size_t kMaxProxyRest = std::size_t{4} << 10;  // addresses and TLVs
inline constexpr std::size_t kMaxProxyHeader = kProxyFixed + kMaxProxyRest;

struct ProxyHeader {
  enum class Source : unsigned char {
    kNobody,   // LOCAL, UNKNOWN, unspecified: the connection itself says who it is
    kAddress,  // `address` and `port`
    kUnix,     // a Unix socket of the proxy's machine; its path is not kept
  };

  Source source = Source::kNobody;
  std::string address{};  // as inet_ntop() writes it, whatever the header looked like
  std::uint16_t port = 0;
  std::size_t size = 0;  // bytes of the header; what follows is not part of it
};

struct ProxyIncomplete {};  // all bytes so far belong to a header that goes on

struct ProxyRefusal {
  std::string_view reason;  // as what follows "PROXY header: "
};

// Judges what was received from the first byte on, in any chunking. A header is refused as soon as
// a byte cannot be part of one.
//
// Version 1: TCP4, TCP6 and UNKNOWN, exactly as the specification writes them. Version 2: LOCAL and
// PROXY; stream sockets of IPv4, IPv6 and Unix, or unspecified (section 2.2). Its TLVs must be well
// formed; a CRC32C must be right, everything else in them is passed over.
[[nodiscard]] std::variant<ProxyIncomplete, ProxyHeader, ProxyRefusal> parse_proxy_header(
    std::span<const std::byte> bytes);

}  // namespace wsbridged
