// SPDX-License-Identifier: MIT
#include "daemon/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace wsbridged {
namespace {

using Outcome = std::variant<ProxyIncomplete, ProxyHeader, ProxyRefusal>;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr unsigned kCrc32cTlv = 0x03;
constexpr std::size_t kCrcSize = 4;
constexpr std::size_t kTlvHead = 3;

constexpr ProxyRefusal kNoHeader{"the connection does not begin with one"};
constexpr ProxyRefusal kBadLine{"version 1, malformed"};
constexpr ProxyRefusal kLineTooLong{"version 1, longer than 107 bytes"};

// Do all bytes there are agree with the beginning of `expected`?
bool agrees(std::string_view text, std::string_view expected) {
  return text.substr(0, expected.size()) == expected.substr(0, text.size());
}

// ---- Version 1 ----

// The next word of `rest`, which a single space ends; the last one is ended by the line.
std::string_view take_word(std::string_view& rest) {
  const std::size_t size = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return word;
}

std::optional<std::string> canonical_address(int family, std::string_view text) {
  std::array<std::byte, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  const std::string terminated(text);
  if (text.find('\0') != std::string_view::npos ||
      inet_pton(family, terminated.c_str(), address.data()) != 1) {
    return std::nullopt;
  }
  return inet_ntop(family, address.data(), written.data(), written.size());
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool is_canonical = text.size() == 1 || !text.starts_with('0');
  return error == std::errc{} && stop == end && is_canonical ? std::optional(port) : std::nullopt;
}

Outcome parse_line(std::string_view line) {
  const std::size_t size = line.size() + 2;
  if (std::count(line.begin(), line.end(), ' ') != 5) {
    return kBadLine;
  }
  line.remove_prefix(kLineStart.size());
  const std::string_view protocol = take_word(line);
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const auto source = canonical_address(family, take_word(line));
  const auto destination = canonical_address(family, take_word(line));
  const auto source_port = parse_port(take_word(line));
  const auto destination_port = parse_port(take_word(line));
  if ((protocol != "TCP4" && protocol != "TCP6") || !source || !destination || !source_port ||
      !destination_port) {
    return kBadLine;
  }
  return ProxyHeader{.source = ProxyHeader::Source::kAddress,
                     .address = *source,
                     .port = *source_port,
                     .size = size};
}

Outcome parse_version_1(std::string_view text) {
  const std::string_view line = text.substr(0, kMaxProxyLine);
  const std::size_t end = line.find("\r\n");
  if (end == std::string_view::npos) {
    return text.size() < kMaxProxyLine ? Outcome{ProxyIncomplete{}} : Outcome{kLineTooLong};
  }
  const std::string_view content = line.substr(0, end);
  const std::string_view protocol = content.substr(kLineStart.size());
  // Section 2.1: whatever follows UNKNOWN up to the CRLF must be ignored.
  if (protocol == "UNKNOWN" || protocol.starts_with("UNKNOWN ")) {
    return ProxyHeader{.size = end + 2};
  }
  return parse_line(content);
}

// ---- Version 2 ----

std::size_t number_at(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number = number << 8U | std::to_integer<std::size_t>(bytes[at + i]);
  }
  return number;
}

// RFC 3720 appendix B.4, bit by bit: headers are short and rare. Bytes in `blank` count as 0.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::size_t blank) {
  std::uint32_t crc = 0xffffffffU;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool is_blank = i >= blank && i < blank + kCrcSize;
    crc ^= is_blank ? 0U : std::to_integer<std::uint32_t>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
    }
  }
  return ~crc;
}

// What is wrong with the TLVs from `at` to the end of `header`.
std::optional<ProxyRefusal> refuse_tlvs(std::span<const std::byte> header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < kTlvHead) {
      return ProxyRefusal{"version 2, a TLV that is cut off"};
    }
    const auto type = std::to_integer<unsigned>(header[at]);
    const std::size_t size = number_at(header, at + 1, 2);
    at += kTlvHead;
    if (header.size() - at < size) {
      return ProxyRefusal{"version 2, a TLV longer than the header"};
    }
    if (type == kCrc32cTlv &&
        (size != kCrcSize || crc32c(header, at) != number_at(header, at, kCrcSize))) {
      return ProxyRefusal{"version 2, its CRC32C is wrong"};
    }
    at += size;
  }
  return std::nullopt;
}

// A family and stream protocol of section 2.2; the port stands behind both addresses.
struct Family {
  unsigned code;
  int family;
  std::size_t address_size;  // of one of the two
  std::size_t size;          // of the whole block
};

constexpr Family kFamilies[] = {
    {0x11, AF_INET, 4, 12}, {0x21, AF_INET6, 16, 36}, {0x31, AF_UNIX, 108, 216}};

Outcome parse_addresses(std::span<const std::byte> header, const Family& family) {
  if (header.size() < kProxyFixed + family.size) {
    return ProxyRefusal{"version 2, shorter than its addresses"};
  }
  if (const auto refusal = refuse_tlvs(header, kProxyFixed + family.size)) {
    return *refusal;
  }
  ProxyHeader parsed{.source = ProxyHeader::Source::kUnix, .size = header.size()};
  if (family.family != AF_UNIX) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    parsed.source = ProxyHeader::Source::kAddress;
    parsed.address = inet_ntop(family.family, &header[kProxyFixed], text.data(), text.size());
    parsed.port =
        static_cast<std::uint16_t>(number_at(header, kProxyFixed + 2 * family.address_size, 2));
  }
  return parsed;
}

Outcome parse_version_2(std::span<const std::byte> bytes) {
  if (bytes.size() < kProxyFixed) {
    return ProxyIncomplete{};
  }
  const auto version_and_command = std::to_integer<unsigned>(bytes[12]);
  const auto code = std::to_integer<unsigned>(bytes[13]);
  const std::size_t size = kProxyFixed + number_at(bytes, 14, 2);
  if (version_and_command != 0x20 && version_and_command != 0x21) {
    return ProxyRefusal{"version 2, unknown version or command"};
  }
  if (size > kMaxProxyHeader) {
    return ProxyRefusal{"version 2, longer than 4 KiB"};
  }
  if (bytes.size() < size) {
    return ProxyIncomplete{};
  }
  const bool is_local = version_and_command == 0x20;
  if (is_local || code == 0) {
    return ProxyHeader{.size = size};  // section 2.2: the rest must be passed over
  }
  for (const Family& family : kFamilies) {
    if (family.code == code) {
      return parse_addresses(bytes.first(size), family);
    }
  }
  return ProxyRefusal{"version 2, neither a stream of IPv4, IPv6 or Unix nor unspecified"};
}

}  // namespace

Outcome parse_proxy_header(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (agrees(text, kLineStart)) {
    return text.size() < kLineStart.size() ? Outcome{ProxyIncomplete{}} : parse_version_1(text);
  }
  if (agrees(text, kSignature)) {
    return parse_version_2(bytes);
  }
  return kNoHeader;
}

}  // namespace wsbridged
