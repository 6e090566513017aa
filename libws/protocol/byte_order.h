// SPDX-License-Identifier: MIT
// Integers in network byte order (RFC 6455 section 5.2). The only place where wire integers are put
// together and taken apart.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ws::protocol {

// Precondition of all four: sizeof the integer many bytes behind the pointer.
[[nodiscard]] constexpr std::uint16_t load_be16(const std::byte* bytes) {
  return static_cast<std::uint16_t>((std::to_integer<unsigned>(bytes[0]) << 8U) |
                                    std::to_integer<unsigned>(bytes[1]));
}

[[nodiscard]] constexpr std::uint64_t load_be64(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return value;
}

constexpr void store_be16(std::byte* bytes, std::uint16_t value) {
  bytes[0] = static_cast<std::byte>(value >> 8U);
  bytes[1] = static_cast<std::byte>(value & 0xffU);
}

constexpr void store_be64(std::byte* bytes, std::uint64_t value) {
  for (std::size_t i = sizeof value; i-- > 0; value >>= 8U) {
    bytes[i] = static_cast<std::byte>(value & 0xffU);
  }
}

}  // namespace ws::protocol
