// SPDX-License-Identifier: MIT
#include "daemon/text_columns.h"

#include <algorithm>
#include <array>

#include "daemon/text_codec.h"

namespace wsbridged {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// General categories Mn and Me of the scripts that are met most, and variation selectors.
constexpr std::array<Range, 20> kMarks{{
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf}, {0x05c1, 0x05c7},
    {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x093c, 0x093c},
    {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
}};

// East Asian Width W and F (Unicode Standard Annex 11).
constexpr std::array<Range, 29> kWide{{
    {0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},
    {0x26d4, 0x26d4}, {0x2705, 0x2705}, {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},
    {0x2753, 0x2755}, {0x2795, 0x2797}, {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
}};

template <std::size_t kSize>
bool is_in(const std::array<Range, kSize>& ranges, char32_t code) {
  const auto* const next =
      std::upper_bound(ranges.begin(), ranges.end(), code,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return next != ranges.begin() && code <= std::prev(next)->last;
}

std::size_t columns_of_character(std::string_view character) {
  const char32_t code = code_point(character);
  if (is_in(kMarks, code)) {
    return 0;
  }
  return is_in(kWide, code) ? 2 : 1;
}

// The longest beginning of `text` that takes no more than `width` columns.
std::size_t size_within(std::string_view text, std::size_t width) {
  std::size_t size = 0;
  std::size_t columns = 0;
  while (size < text.size()) {
    const Utf8Sequence sequence = first_utf8_sequence(text.substr(size));
    const std::string_view character = text.substr(size, sequence.size);
    columns += sequence.valid ? columns_of_character(character) : sequence.size;
    if (columns > width) {
      break;
    }
    size += sequence.size;
  }
  return size;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    columns += sequence.valid ? columns_of_character(text.substr(0, sequence.size)) : sequence.size;
    text.remove_prefix(sequence.size);
  }
  return columns;
}

std::string cut_to_columns(std::string_view text, std::size_t width) {
  if (size_within(text, width) == text.size()) {
    return std::string(text);
  }
  const std::size_t rest = std::min<std::size_t>(width, 3);
  return std::string(text.substr(0, size_within(text, width - rest))).append(rest, '.');
}

}  // namespace wsbridged
