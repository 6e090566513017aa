// SPDX-License-Identifier: MIT
// PROXY protocol headers, byte for byte, in every chunking and at every limit.
#include "daemon/proxy_header.h"

#include <optional>
#include <string>

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace wsbridged {
namespace {

using Source = ProxyHeader::Source;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

auto parse(std::string_view bytes) {
  return parse_proxy_header(std::as_bytes(std::span(bytes)));
}

// What the bytes are judged as when they come in pieces: nothing may be said before the end but
// "incomplete".
void expect_header(const std::string& bytes, const ProxyHeader& expected) {
  support::for_each_chunking(bytes, [&](const support::Chunks& chunks) {
    std::string seen;
    for (std::size_t i = 0; i + 1 < chunks.size(); ++i) {
      seen += chunks[i];
      CHECK(std::holds_alternative<ProxyIncomplete>(parse(seen)));
    }
    seen += chunks.back();
    const auto parsed = parse(seen + "a line\n");
    REQUIRE(std::holds_alternative<ProxyHeader>(parsed));
    const auto& header = std::get<ProxyHeader>(parsed);
    CHECK(header.size == bytes.size());
    CHECK(header.source == expected.source);
    CHECK(header.address == expected.address);
    CHECK(header.port == expected.port);
  });
}

bool is_refused(std::string_view bytes) {
  return std::holds_alternative<ProxyRefusal>(parse(bytes));
}

// A version 2 header; `size` replaces the length of `rest`.
std::string version_2(char command, char family, const std::string& rest,
                      std::optional<std::size_t> size = {}) {
  const std::size_t length = size.value_or(rest.size());
  std::string bytes(kSignature);
  bytes += command;
  bytes += family;
  bytes += static_cast<char>(length >> 8U);
  bytes += static_cast<char>(length & 0xffU);
  return bytes + rest;
}

const std::string kV4("\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x67\x1b\x59", 12);
const ProxyHeader kV4Peer{.source = Source::kAddress, .address = "192.0.2.1", .port = 4711};

std::string tlv(char type, const std::string& value) {
  return std::string(1, type) + static_cast<char>(value.size() >> 8U) +
         static_cast<char>(value.size() & 0xffU) + value;
}

TEST_CASE("proxy header: version 1 names the source", "[proxy_header]") {
  expect_header("PROXY TCP4 192.0.2.1 127.0.0.1 4711 7001\r\n", kV4Peer);
  expect_header("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
                {.source = Source::kAddress, .address = "255.255.255.255", .port = 65535});
  expect_header("PROXY TCP6 2001:DB8:0::1 ::1 0 7001\r\n",
                {.source = Source::kAddress, .address = "2001:db8::1", .port = 0});
  expect_header("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
                {.source = Source::kAddress, .address = "::ffff:192.0.2.1", .port = 1});
}

TEST_CASE("proxy header: version 1 UNKNOWN names nobody, whatever follows it", "[proxy_header]") {
  expect_header("PROXY UNKNOWN\r\n", {});
  expect_header("PROXY UNKNOWN ffff:f...f:ffff \t 65535 x\r\n", {});
  const std::string longest = "PROXY UNKNOWN " + std::string(kMaxProxyLine - 16, 'x') + "\r\n";
  REQUIRE(longest.size() == 107);
  expect_header(longest, {});
}

TEST_CASE("proxy header: version 1 has at most 107 bytes", "[proxy_header]") {
  const std::string start = "PROXY UNKNOWN ";
  CHECK(std::holds_alternative<ProxyIncomplete>(parse(start + std::string(106 - 14, 'x'))));
  CHECK(is_refused(start + std::string(107 - 14, 'x')));
  CHECK(is_refused(start + std::string(106 - 14, 'x') + "\r\n"));
}

TEST_CASE("proxy header: version 1 is taken in its exact form only", "[proxy_header]") {
  const std::string line = GENERATE(
      as<std::string>(), "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 1\r\n",
      "PROXY TCP4 192.0.2.1 127.0.0.1 1 2 3\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 1 2 \r\n",
      "PROXY  TCP4 192.0.2.1 127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.1  127.0.0.1 1\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 127.0.0.1 1 2\r\n",
      "PROXY TCP5 192.0.2.1 127.0.0.1 1 2\r\n", "PROXY tcp4 192.0.2.1 127.0.0.1 1 2\r\n",
      "PROXY TCP4 192.0.2.256 127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 65536 2\r\n",
      "PROXY TCP4 192.0.2.1 127.0.0.1 1 65536\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 -1 2\r\n",
      "PROXY TCP4 192.0.2.1 127.0.0.1 01 2\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 1 2x\r\n",
      "PROXY TCP4 192.0.2.1\t127.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2.1\n 127.0.0.1 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "PROXY UNKNOWNX\r\n",
      "PROXY TCP4 ../../x 1.1.1.1 1 2\r\n",
      std::string("PROXY TCP4 192.0.2.1\0 127.0.0.1 1 2\r\n", 37));
  INFO(line);
  CHECK(is_refused(line));
}

TEST_CASE("proxy header: what cannot begin a header is refused at its first byte",
          "[proxy_header]") {
  for (const std::string_view bytes :
       {"h", "hello\n", "PROXz", "proxy ", "PROXY\r\n", "\n", "\r\nx", "GET / HTTP/1.1\r\n"}) {
    INFO(bytes);
    CHECK(is_refused(bytes));
  }
  CHECK(std::holds_alternative<ProxyIncomplete>(parse("")));
  CHECK(is_refused(std::string(kSignature).substr(0, 11) + "x"));
}

TEST_CASE("proxy header: version 2 names the source", "[proxy_header]") {
  expect_header(version_2(0x21, 0x11, kV4), kV4Peer);
  const std::string v6 = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) +
                         std::string(16, '\0') + std::string("\x12\x67\x1b\x59", 4);
  expect_header(version_2(0x21, 0x21, v6),
                {.source = Source::kAddress, .address = "2001:db8::1", .port = 4711});
  expect_header(version_2(0x21, 0x31, "/tmp/../x" + std::string(207, '\0')),
                {.source = Source::kUnix});
}

TEST_CASE("proxy header: version 2 LOCAL and unspecified name nobody", "[proxy_header]") {
  expect_header(version_2(0x20, 0x00, ""), {});
  expect_header(version_2(0x20, 0x11, kV4), {});
  expect_header(version_2(0x20, 0x11, "any"), {});
  expect_header(version_2(0x21, 0x00, "any"), {});
}

TEST_CASE("proxy header: version 2 refuses what it does not define", "[proxy_header]") {
  CHECK(is_refused(version_2(0x11, 0x11, kV4)));  // version 1
  CHECK(is_refused(version_2(0x22, 0x11, kV4)));  // command
  CHECK(is_refused(version_2(0x21, 0x12, kV4)));  // datagrams
  CHECK(is_refused(version_2(0x21, 0x41, kV4)));  // family
  CHECK(is_refused(version_2(0x21, 0x11, kV4.substr(1))));
  CHECK(is_refused(version_2(0x21, 0x21, kV4)));
  CHECK(is_refused(version_2(0x21, 0x31, kV4)));
}

TEST_CASE("proxy header: version 2 has at most 4 KiB behind its fixed part", "[proxy_header]") {
  const std::string filler = tlv(0x04, std::string(kMaxProxyRest - kV4.size() - 3, 'x'));
  const std::string longest = version_2(0x21, 0x11, kV4 + filler);
  REQUIRE(longest.size() == kMaxProxyHeader);
  const auto parsed = parse(longest);
  REQUIRE(std::holds_alternative<ProxyHeader>(parsed));
  CHECK(std::get<ProxyHeader>(parsed).size == kMaxProxyHeader);
  // Refused by its declared length alone, of which nothing is there yet.
  CHECK(is_refused(version_2(0x21, 0x11, "", kMaxProxyRest + 1)));
  CHECK(is_refused(version_2(0x20, 0x00, "", 0xffff)));
  CHECK(std::holds_alternative<ProxyIncomplete>(parse(version_2(0x21, 0x11, "", kMaxProxyRest))));
}

TEST_CASE("proxy header: TLVs are passed over but must be well formed", "[proxy_header]") {
  expect_header(version_2(0x21, 0x11, kV4 + tlv(0x02, "example.com") + tlv(0x20, "")), kV4Peer);
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + "\x04")));
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + std::string("\x04\0", 2))));
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + std::string("\x04\0\x02x", 4))));
}

TEST_CASE("proxy header: a CRC32C must be right", "[proxy_header]") {
  // Computed with another program over the header with the checksum's bytes 0.
  const std::string right("\xcd\xa2\x1a\x9a", 4);
  expect_header(version_2(0x21, 0x11, kV4 + tlv(0x03, right)), kV4Peer);
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + tlv(0x03, "\x01\x02\x03\x04"))));
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + tlv(0x03, right + "x"))));
  CHECK(is_refused(version_2(0x21, 0x11, kV4 + tlv(0x03, right) + tlv(0x04, "x"))));
}

}  // namespace
}  // namespace wsbridged
