// SPDX-License-Identifier: MIT
// Copies text and says in the same pass whether a byte is in it: what writing a line takes, where
// the two passes of memchr() and memcpy() would cost a short one more than its bytes do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wsbridged {

class SearchingCopy {
 public:
  explicit SearchingCopy(char byte) : byte_(byte) {
    std::memset(&block_, byte, sizeof block_);
    std::memset(&word_, byte, sizeof word_);
  }

  // Copies all of `text` to `to`, which has room for it and overlaps nothing of it. Is the byte
  // there?
  [[nodiscard]] bool copy(std::string_view text, std::byte* to) const {
    const char* from = text.data();
    if (text.size() > kLong) {
      std::memcpy(to, from, text.size());
      return std::memchr(from, byte_, text.size()) != nullptr;
    }
    if (text.size() >= sizeof(Block)) {
      return copy_blocks(from, to, text.size());
    }
    if (text.size() >= sizeof(std::uint64_t)) {
      return copy_ends<std::uint64_t>(from, to, text.size());
    }
    if (text.size() >= sizeof(std::uint32_t)) {
      return copy_ends<std::uint32_t>(from, to, text.size());
    }
    return copy_bytes(from, to, text.size());
  }

 private:
  using Block = unsigned char __attribute__((vector_size(16)));
  using Halves = std::uint64_t __attribute__((vector_size(16)));

  // From here on the C library's wider instructions are worth two calls.
  static constexpr std::size_t kLong = 256;

  template <typename Unit>
  [[nodiscard]] static Unit copy_unit(const char* from, std::byte* to) {
    Unit unit{};
    std::memcpy(&unit, from, sizeof unit);
    std::memcpy(to, &unit, sizeof unit);
    return unit;
  }

  [[nodiscard]] bool copy_blocks(const char* from, std::byte* to, std::size_t size) const {
    const std::size_t last = size - sizeof(Block);  // overlaps the one before
    auto hits = copy_unit<Block>(from + last, to + last) == block_;
    for (std::size_t at = 0; at < last; at += sizeof(Block)) {
      hits |= copy_unit<Block>(from + at, to + at) == block_;
    }
    const auto halves = reinterpret_cast<Halves>(hits);
    return (halves[0] | halves[1]) != 0;
  }

  // The words at both ends, which may overlap, are all there is.
  template <typename Word>
  [[nodiscard]] bool copy_ends(const char* from, std::byte* to, std::size_t size) const {
    const std::size_t last = size - sizeof(Word);
    const auto first_word = copy_unit<Word>(from, to);
    const auto last_word = copy_unit<Word>(from + last, to + last);
    return has_byte(first_word) || has_byte(last_word);
  }

  // A byte of zero is the only one that borrows without having had its high bit set.
  template <typename Word>
  [[nodiscard]] bool has_byte(Word word) const {
    constexpr auto low_bits = static_cast<Word>(0x0101010101010101U);
    const auto rest = static_cast<Word>(word ^ static_cast<Word>(word_));
    return ((rest - low_bits) & ~rest & (low_bits << 7U)) != 0;
  }

  [[nodiscard]] bool copy_bytes(const char* from, std::byte* to, std::size_t size) const {
    bool is_there = false;
    for (std::size_t i = 0; i < size; ++i) {
      to[i] = static_cast<std::byte>(from[i]);
      is_there = is_there || from[i] == byte_;
    }
    return is_there;
  }

  Block block_{};
  std::uint64_t word_ = 0;
  char byte_;
};

}  // namespace wsbridged
