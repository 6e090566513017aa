// SPDX-License-Identifier: MIT
// Is text nothing but ASCII? It nearly always is, and that is known sixteen bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ws::protocol {

namespace ascii_run {

using Block = std::uint64_t __attribute__((vector_size(16)));
inline constexpr std::size_t kBlock = sizeof(Block);
inline constexpr std::uint64_t kHighBits = 0x8080808080808080U;

template <typename Word>
[[nodiscard]] inline Word load(const std::byte* bytes) {
  Word word{};
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The words at both ends of `size` bytes, which may overlap, cover all of them.
template <typename Word>
[[nodiscard]] inline std::uint64_t both_ends(const std::byte* bytes, std::size_t size) {
  return load<Word>(bytes) | load<Word>(bytes + size - sizeof(Word));
}

// Of less than a block.
[[nodiscard]] inline bool is_short_ascii(const std::byte* bytes, std::size_t size) {
  std::uint64_t all = 0;
  if (size >= 8) {
    all = both_ends<std::uint64_t>(bytes, size);
  } else if (size >= 4) {
    all = both_ends<std::uint32_t>(bytes, size);
  } else if (size >= 2) {
    all = both_ends<std::uint16_t>(bytes, size);
  } else if (size == 1) {
    all = std::to_integer<std::uint64_t>(bytes[0]);
  }
  return (all & kHighBits) == 0;
}

}  // namespace ascii_run

// Looks at all of `bytes` before it answers: meant for what is short, or nearly always ASCII.
[[nodiscard]] inline bool is_ascii(std::span<const std::byte> bytes) {
  using ascii_run::Block;
  using ascii_run::kBlock;
  if (bytes.size() < kBlock) {
    return ascii_run::is_short_ascii(bytes.data(), bytes.size());
  }
  const std::byte* at = bytes.data();
  const std::byte* const last = at + bytes.size() - kBlock;
  Block all = ascii_run::load<Block>(last);
  for (; last - at > static_cast<std::ptrdiff_t>(3 * kBlock); at += 4 * kBlock) {
    all |= ascii_run::load<Block>(at) | ascii_run::load<Block>(at + kBlock) |
           ascii_run::load<Block>(at + 2 * kBlock) | ascii_run::load<Block>(at + 3 * kBlock);
  }
  for (; at < last; at += kBlock) {
    all |= ascii_run::load<Block>(at);
  }
  return ((all[0] | all[1]) & ascii_run::kHighBits) == 0;
}

}  // namespace ws::protocol
