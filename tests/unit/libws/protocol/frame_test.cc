// SPDX-License-Identifier: MIT
// Frame headers: the examples of RFC 6455 section 5.7, every rule, and every length boundary both
// ways.
#include "protocol/frame.h"

#include <array>
#include <string>
#include <vector>

#include "support/catch.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Outcome = DecodedHeader::Outcome;

DecodedHeader decode(std::string_view bytes, Role role = Role::kClient) {
  return decode_frame_header(std::as_bytes(std::span(bytes)), role);
}

std::string encode(const FrameHeader& header, Role role) {
  std::array<std::byte, kMaxFrameHeader> bytes{};
  const std::size_t size = encode_frame_header(bytes.data(), header, role);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

// Every proper prefix needs more, or is refused already; never a header.
void expect_header(const std::string& bytes, Role role, const FrameHeader& expected) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(decode(bytes.substr(0, size), role).outcome == Outcome::kNeedMore);
  }
  const auto decoded = decode(bytes + "more", role);
  REQUIRE(decoded.outcome == Outcome::kHeader);
  CHECK(decoded.header.opcode == expected.opcode);
  CHECK(decoded.header.fin == expected.fin);
  CHECK(decoded.header.payload_size == expected.payload_size);
  CHECK(decoded.header.key == expected.key);
  CHECK(decoded.header.size == bytes.size());
}

void expect_violation(const std::string& bytes, Role role, std::string_view rule) {
  const auto decoded = decode(bytes, role);
  CHECK(decoded.outcome == Outcome::kViolation);
  CHECK(decoded.violation == rule);
}

constexpr MaskKey kKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

}  // namespace

TEST_CASE("frame: the examples' headers are decoded (RFC 6455 5.7)",
          "[frame][RFC6455-5.2-layout]") {
  expect_header("\x81\x05", Role::kClient, {.opcode = Opcode::kText, .payload_size = 5});
  expect_header("\x81\x85\x37\xfa\x21\x3d", Role::kServer,
                {.opcode = Opcode::kText, .key = kKey, .payload_size = 5});
  expect_header("\x01\x03", Role::kClient,
                {.opcode = Opcode::kText, .fin = Fin::kMore, .payload_size = 3});
  expect_header("\x80\x02", Role::kClient, {.opcode = Opcode::kContinuation, .payload_size = 2});
  expect_header("\x89\x05", Role::kClient, {.opcode = Opcode::kPing, .payload_size = 5});
  expect_header("\x8a\x85\x37\xfa\x21\x3d", Role::kServer,
                {.opcode = Opcode::kPong, .key = kKey, .payload_size = 5});
  expect_header("\x82\x7e\x01\x00"s, Role::kClient,
                {.opcode = Opcode::kBinary, .payload_size = 256});
  expect_header("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s, Role::kClient,
                {.opcode = Opcode::kBinary, .payload_size = 65536});
}

TEST_CASE("frame: lengths at every boundary survive encoding and decoding (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-layout]") {
  const std::vector<std::uint64_t> sizes = {
      0, 1, 125, 126, 127, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0x7fffffffffffffff};
  for (const std::uint64_t size : sizes) {
    FrameHeader header{.opcode = Opcode::kBinary, .payload_size = size};
    CHECK(encode(header, Role::kServer).size() == frame_header_size(size, Role::kServer));
    expect_header(encode(header, Role::kServer), Role::kClient, header);
    header.key = kKey;
    CHECK(encode(header, Role::kClient).size() == frame_header_size(size, Role::kClient));
    expect_header(encode(header, Role::kClient), Role::kServer, header);
  }
}

TEST_CASE("frame: a length of 126 takes two bytes more, 65536 eight (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-layout][RFC6455-5.2-shortest]") {
  CHECK(encode({.payload_size = 125}, Role::kServer) == "\x81\x7d");
  CHECK(encode({.payload_size = 126}, Role::kServer) == "\x81\x7e\x00\x7e"s);
  CHECK(encode({.payload_size = 65535}, Role::kServer) == "\x81\x7e\xff\xff");
  CHECK(encode({.payload_size = 65536}, Role::kServer) ==
        "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST_CASE("frame: each RSV bit is refused with the first byte (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-rsv]") {
  for (const char first : {'\xc1', '\xa1', '\x91', '\xf1', '\xc9', '\x41'}) {
    expect_violation({first}, Role::kClient, "RSV bit set without an extension");
  }
}

TEST_CASE("frame: reserved opcodes are refused with the first byte (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-opcode]") {
  for (const char opcode : "\x03\x04\x05\x06\x07\x0b\x0c\x0d\x0e\x0f"s) {
    expect_violation({static_cast<char>(0x80 | opcode)}, Role::kClient, "reserved opcode");
    expect_violation({opcode}, Role::kServer, "reserved opcode");
  }
}

TEST_CASE("frame: a fragmented control frame is refused with the first byte (RFC 6455 5.5)",
          "[frame][RFC6455-5.5-fin]") {
  for (const char first : "\x08\x09\x0a"s) {
    expect_violation({first}, Role::kClient, "fragmented control frame");
  }
}

TEST_CASE("frame: a control frame above 125 bytes is refused with the second byte (RFC 6455 5.5)",
          "[frame][RFC6455-5.5-length]") {
  expect_violation("\x89\x7e", Role::kClient, "control frame longer than 125 bytes");
  expect_violation("\x88\x7f", Role::kClient, "control frame longer than 125 bytes");
  expect_violation("\x8a\xfe", Role::kServer, "control frame longer than 125 bytes");
  expect_header("\x89\x7d", Role::kClient, {.opcode = Opcode::kPing, .payload_size = 125});
}

TEST_CASE("frame: masking that does not fit the role is refused (RFC 6455 5.1)",
          "[frame][RFC6455-5.1-masked-server]") {
  expect_violation("\x81\x85", Role::kClient, "masked frame from a server");
  expect_violation("\x81\x05", Role::kServer, "unmasked frame from a client");
}

TEST_CASE("frame: a length not in its shortest form is refused (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-shortest]") {
  const std::string_view rule = "payload length not in its shortest form";
  expect_violation("\x82\x7e\x00\x00"s, Role::kClient, rule);
  expect_violation("\x82\x7e\x00\x7d"s, Role::kClient, rule);
  expect_violation("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05"s, Role::kClient, rule);
  expect_violation("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s, Role::kClient, rule);
}

TEST_CASE("frame: a length of 2^63 or more is refused (RFC 6455 5.2)",
          "[frame][RFC6455-5.2-msb][CVE-length]") {
  const std::string_view rule = "64-bit length with the most significant bit set";
  expect_violation("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s, Role::kClient, rule);
  expect_violation("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s, Role::kClient, rule);
  expect_violation("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xfc"s, Role::kClient, rule);
}

TEST_CASE("frame: RSV1 is a compressed message's first frame, once agreed on (RFC 7692 6)",
          "[frame][RFC7692-6.1-rsv1]") {
  const auto decode_agreed = [](std::string_view bytes) {
    return decode_frame_header(std::as_bytes(std::span(bytes)), Role::kClient, Rsv1::kCompressed);
  };
  for (const std::string& bytes :
       std::vector<std::string>{"\xc1\x05", "\x41\x05", "\xc2\x05", "\x42\x05"}) {
    CHECK(decode_agreed(bytes).header.is_compressed);
    CHECK(decode(bytes).outcome == Outcome::kViolation);
  }
  CHECK_FALSE(decode_agreed("\x81\x05").header.is_compressed);
  for (const std::string& bytes :
       std::vector<std::string>{"\xc0", "\x40", "\xc8", "\xc9", "\xca"}) {
    CHECK(decode_agreed(bytes).violation == "RSV1 set on a frame that begins no message");
  }
  for (const std::string& bytes :
       std::vector<std::string>{"\xa1", "\x91", "\xe1", "\xd1", "\xf2"}) {
    CHECK(decode_agreed(bytes).violation == "RSV bit set without an extension");
  }
  CHECK(encode({.opcode = Opcode::kText, .is_compressed = true}, Role::kServer) == "\xc1\x00"s);
}

}  // namespace ws::protocol
