// SPDX-License-Identifier: MIT
// Masking of payloads (RFC 6455 section 5.3): XOR with a repeated four-byte key. The same function
// masks and unmasks.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ws::protocol {

using MaskKey = std::array<std::byte, 4>;

// Writes `source`, masked, to `destination`, which must be as long and may be the same memory, but
// must not overlap it otherwise. `offset` is where `source` begins within the frame's payload.
void mask_copy(std::span<std::byte> destination, std::span<const std::byte> source,
               const MaskKey& key, std::uint64_t offset = 0);

inline void mask_in_place(std::span<std::byte> bytes, const MaskKey& key,
                          std::uint64_t offset = 0) {
  mask_copy(bytes, bytes, key, offset);
}

// What is masked at once, in one register where the machine has such.
using MaskBlock [[gnu::vector_size(16)]] = std::uint32_t;

// The key as it stands at `offset` within the payload.
[[nodiscard]] constexpr std::uint32_t key_at(std::uint32_t key, std::size_t offset) {
  const int bits = static_cast<int>(8 * (offset % sizeof(MaskKey)));
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

// Masks one word and returns it as it was.
template <class Word>
Word mask_word(std::byte* to, const std::byte* from, Word key) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  const Word masked = word ^ key;
  std::memcpy(to, &masked, sizeof masked);
  return word;
}

// Four at once, for long payloads.
inline MaskBlock mask_blocks(std::byte* to, const std::byte* from, const MaskBlock& keys) {
  constexpr std::size_t block = sizeof(MaskBlock);
  return mask_word(to, from, keys) | mask_word(to + block, from + block, keys) |
         mask_word(to + 2 * block, from + 2 * block, keys) |
         mask_word(to + 3 * block, from + 3 * block, keys);
}

// The first and the last word of what is not longer than two, which may overlap; returns the bits
// that were set in either.
template <class Word>
Word mask_ends(std::byte* to, const std::byte* from, std::size_t size, Word first, Word last) {
  const std::size_t at = size - sizeof(Word);
  return mask_word(to, from, first) | mask_word(to + at, from + at, last);
}

[[nodiscard]] constexpr std::uint64_t twice(std::uint32_t key) {
  return (std::uint64_t{key} << 32U) | key;
}

// Writes `size` masked bytes of a whole payload to `to`, which must be other memory, and says in
// the same pass whether all of them are ASCII. Inline, as most payloads are short.
[[nodiscard, gnu::always_inline]] inline bool mask_copy_ascii(std::byte* to, const std::byte* from,
                                                              std::size_t size,
                                                              const MaskKey& key) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  const auto first = std::bit_cast<std::uint32_t>(key);
  const std::uint32_t last = key_at(first, size);  // of the last four bytes, eight or sixteen
  if (size >= sizeof(MaskBlock)) {
    const MaskBlock keys{first, first, first, first};
    MaskBlock seen{};
    const std::size_t end = size - sizeof(MaskBlock);
    std::size_t at = 0;
    for (; at + 4 * sizeof(MaskBlock) <= size; at += 4 * sizeof(MaskBlock)) {
      seen |= mask_blocks(to + at, from + at, keys);
    }
    for (; at < end; at += sizeof(MaskBlock)) {
      seen |= mask_word(to + at, from + at, keys);
    }
    seen |= mask_word(to + end, from + end, MaskBlock{last, last, last, last});
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(seen);
    return ((halves[0] | halves[1]) & high_bits) == 0;
  }
  if (size >= sizeof(std::uint64_t)) {
    return (mask_ends(to, from, size, twice(first), twice(last)) & high_bits) == 0;
  }
  if (size >= sizeof(std::uint32_t)) {
    return (mask_ends(to, from, size, first, last) & high_bits) == 0;
  }
  std::byte seen{};
  for (std::size_t i = 0; i < size; ++i) {
    seen |= from[i];
    to[i] = from[i] ^ key[i];
  }
  return std::to_integer<unsigned>(seen) < 0x80;
}

}  // namespace ws::protocol
