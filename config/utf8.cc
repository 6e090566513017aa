// SPDX-License-Identifier: MIT
// The well-formed byte sequences of RFC 3629 section 4, as a table.
#include "config/utf8.h"

#include <cstdint>

namespace wsbridged::config {
namespace {

struct Sequence {
  std::uint8_t first_low;
  std::uint8_t first_high;
  std::uint8_t second_low;
  std::uint8_t second_high;
  std::size_t length;
};

constexpr Sequence kSequences[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool matches(std::string_view text, const Sequence& sequence) {
  if (text.size() < sequence.length || byte_at(text, 1) < sequence.second_low ||
      byte_at(text, 1) > sequence.second_high) {
    return false;
  }
  for (std::size_t i = 2; i < sequence.length; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80U) {
      return false;
    }
  }
  return true;
}

// Length of the valid sequence at the start of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) {
    return 1;
  }
  for (const Sequence& sequence : kSequences) {
    if (first >= sequence.first_low && first <= sequence.first_high) {
      return matches(text, sequence) ? sequence.length : 0;
    }
  }
  return 0;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const std::size_t length = sequence_length(text.substr(offset));
    if (length == 0) {
      return offset;
    }
    offset += length;
  }
  return std::nullopt;
}

}  // namespace wsbridged::config
