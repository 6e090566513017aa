// SPDX-License-Identifier: MIT
// Masking against the definition of RFC 6455 section 5.3.
#include "protocol/masking.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace ws::protocol {
namespace {

constexpr MaskKey kKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

std::vector<std::byte> some_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + 3);
  }
  return bytes;
}

// Octet i of the transformed data is octet i of the original XOR octet (i modulo 4) of the key.
std::vector<std::byte> masked_by_definition(std::vector<std::byte> bytes, std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= kKey[(offset + i) % 4];
  }
  return bytes;
}

}  // namespace

TEST_CASE("masking: \"Hello\" becomes the bytes of the example (RFC 6455 5.7)",
          "[masking][RFC6455-5.3-algorithm]") {
  const std::string hello = "Hello";
  std::string masked(5, '\0');
  mask_copy(std::as_writable_bytes(std::span(masked)), std::as_bytes(std::span(hello)), kKey);
  CHECK(masked == "\x7f\x9f\x4d\x51\x58");
}

TEST_CASE("masking: every length, alignment and offset is as defined (RFC 6455 5.3)",
          "[masking][RFC6455-5.3-algorithm][CVE-bounds]") {
  for (std::size_t size = 0; size <= 100; ++size) {
    for (std::size_t offset = 0; offset < 9; ++offset) {
      const auto source = some_bytes(size);
      std::vector<std::byte> destination(size + 1);
      const auto unaligned = std::span(destination).subspan(1);
      mask_copy(unaligned, source, kKey, offset);
      const auto expected = masked_by_definition(source, offset);
      CHECK(std::equal(unaligned.begin(), unaligned.end(), expected.begin(), expected.end()));
    }
  }
}

TEST_CASE(
    "masking: in the pass that looks for ASCII every length is as defined, and every byte seen",
    "[masking][RFC6455-5.3-algorithm][CVE-bounds]") {
  for (std::size_t size = 0; size <= 150; ++size) {
    std::vector<std::byte> source = some_bytes(size);
    std::vector<std::byte> masked(size);
    const auto mask = [&] { return mask_copy_ascii(masked.data(), source.data(), size, kKey); };
    std::transform(source.begin(), source.end(), source.begin(),
                   [](std::byte byte) { return byte & std::byte{0x7f}; });
    CHECK(mask());
    CHECK(masked == masked_by_definition(source, 0));
    for (std::byte& byte : source) {
      byte |= std::byte{0x80};
      CHECK_FALSE(mask());
      CHECK(masked == masked_by_definition(source, 0));
      byte &= std::byte{0x7f};
    }
  }
}

TEST_CASE("masking: in pieces with their offsets it is as in one",
          "[masking][RFC6455-5.3-algorithm]") {
  const auto source = some_bytes(70);
  for (std::size_t split = 0; split <= source.size(); ++split) {
    auto bytes = source;
    mask_in_place(std::span(bytes).first(split), kKey);
    mask_in_place(std::span(bytes).subspan(split), kKey, split);
    CHECK(bytes == masked_by_definition(source, 0));
  }
}

TEST_CASE("masking: twice with one key gives the original", "[masking]") {
  auto bytes = some_bytes(1000);
  mask_in_place(bytes, kKey, 3);
  mask_in_place(bytes, kKey, 3);
  CHECK(bytes == some_bytes(1000));
}

TEST_CASE("masking: an offset near 2^64 does not lose its place", "[masking]") {
  auto bytes = some_bytes(20);
  mask_in_place(bytes, kKey, ~std::uint64_t{0} - 1);  // 2^64 - 2: place 2 of the key
  CHECK(bytes == masked_by_definition(some_bytes(20), 2));
}

}  // namespace ws::protocol
