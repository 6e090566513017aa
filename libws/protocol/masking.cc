// SPDX-License-Identifier: MIT
// Eight bytes at a time: whatever the machine's byte order, equal bytes of word and key meet.
#include "protocol/masking.h"

#include <cassert>
#include <cstring>

namespace ws::protocol {
namespace {

using Word = std::uint64_t;
constexpr std::size_t kWord = sizeof(Word);

// The key as it stands at `offset`, twice. Pieces nearly always begin at a multiple of four.
Word key_word(const MaskKey& key, std::uint64_t offset) {
  MaskKey rotated = key;
  if (offset % key.size() != 0) {
    for (std::size_t i = 0; i < key.size(); ++i) {
      rotated[i] = key[(offset + i) % key.size()];
    }
  }
  std::uint32_t half = 0;
  std::memcpy(&half, rotated.data(), sizeof half);
  return (Word{half} << 32U) | half;
}

}  // namespace

void mask_copy(std::span<std::byte> destination, std::span<const std::byte> source,
               const MaskKey& key, std::uint64_t offset) {
  assert(destination.size() == source.size());
  const Word keys = key_word(key, offset);
  std::byte* to = destination.data();
  const std::byte* from = source.data();
  std::size_t left = source.size();
  for (; left >= 4 * kWord; left -= 4 * kWord, to += 4 * kWord, from += 4 * kWord) {
    mask_word(to, from, keys);
    mask_word(to + kWord, from + kWord, keys);
    mask_word(to + 2 * kWord, from + 2 * kWord, keys);
    mask_word(to + 3 * kWord, from + 3 * kWord, keys);
  }
  for (; left >= kWord; left -= kWord, to += kWord, from += kWord) {
    mask_word(to, from, keys);
  }
  for (std::size_t i = 0; i < left; ++i) {
    to[i] = from[i] ^ key[(offset + i) % key.size()];
  }
}

}  // namespace ws::protocol
