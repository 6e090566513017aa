// SPDX-License-Identifier: MIT
// Lines that all begin with their number, from 1 on, and are wholly determined by it: so a receiver
// knows which one it has, whatever came before. numbered_lines.h has those that are found by their
// position instead.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "numbered_lines.h"

namespace peers {

// 16 to 127 bytes; one in 512 has about 4 KiB.
inline void make_counted_line(std::uint64_t number, std::string& line) {
  const std::uint64_t random = scramble(number);
  const std::size_t length = (random >> 32U) % 512 == 0 ? 4096 + random % 512 : 16 + random % 112;
  line = std::to_string(number) + ' ';
  while (line.size() < length) {
    line += static_cast<char>('a' + (number + line.size()) % 26);
  }
}

// The number of a line that is whole and right.
class CountedLineReader {
 public:
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view line) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || end == line.data()) {
      return std::nullopt;
    }
    make_counted_line(number, expected_);
    return line == expected_ ? std::optional(number) : std::nullopt;
  }

 private:
  std::string expected_;
};

}  // namespace peers
