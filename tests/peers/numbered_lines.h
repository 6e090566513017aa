// SPDX-License-Identifier: MIT
// The lines that both peers send and expect: each is fully determined by its number and direction,
// so that a receiver can check every byte without being told anything.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace peers {

enum class Direction : std::uint8_t { kUp = 1, kDown = 2 };

inline std::uint64_t scramble(std::uint64_t x) {
  x ^= x >> 31U;
  x *= 0x9E3779B97F4A7C15U;  // 2^64 over the golden ratio
  x ^= x >> 29U;
  x *= 0xD6E8FEB86659FD93U;
  return x ^ (x >> 32U);
}

// Where frames change shape (RFC 6455 5.2) and where buffers like to end; 0 is the empty line.
inline constexpr std::array<std::size_t, 10> kBoundaryLengths{0,   1,     124,   125,   126,
                                                              127, 65534, 65535, 65536, 65537};
inline constexpr std::uint64_t kBoundaryPeriod = 10'000;
inline constexpr std::string_view kFourByteCharacter = "\xF0\x9F\x9A\x80";  // U+1F680

// The boundary lengths once every kBoundaryPeriod lines; else log-uniform, one in 64 up to 64 KiB,
// the others up to 600 bytes. A million lines are about 250 MB.
inline std::size_t line_length(std::uint64_t number, Direction direction) {
  const std::uint64_t slot = number % kBoundaryPeriod;
  if (slot < kBoundaryLengths.size()) {
    return kBoundaryLengths.at(slot);
  }
  const std::uint64_t random = scramble(number * 4 + static_cast<std::uint64_t>(direction));
  const double exponent = (random % 64 == 0) ? 16.0 : 9.23;
  const double uniform = static_cast<double>(random >> 11U) * 0x1p-53;
  return static_cast<std::size_t>(std::exp2(uniform * exponent)) - 1;
}

// Number, space, printable text; every fifth ends with a character of four bytes, so that text is
// not only ASCII. A line too short for its number is a prefix of this: its position tells it.
inline void make_line(std::uint64_t number, Direction direction, std::string& line) {
  const std::size_t length = line_length(number, direction);
  line = std::to_string(number) + ' ';
  std::uint64_t state = number * 4 + static_cast<std::uint64_t>(direction);
  std::array<char, sizeof(state)> block{};
  while (line.size() < length) {
    state = scramble(state + 0x632BE59BD9B4E019U);
    // Each byte becomes one of the 64 characters from '0' to 'o'.
    const std::uint64_t text = (state & 0x3F3F3F3F3F3F3F3FU) + 0x3030303030303030U;
    std::memcpy(block.data(), &text, block.size());
    line.append(block.data(), block.size());
  }
  line.resize(length);
  if (number % 5 == 0 && length >= 32) {
    line.replace(length - kFourByteCharacter.size(), kFourByteCharacter.size(), kFourByteCharacter);
  }
}

}  // namespace peers
