// SPDX-License-Identifier: MIT
// Eight bytes at a time: whatever the machine's byte order, equal bytes of word and key meet.
#include "protocol/masking.h"

#include <cassert>
#include <cstring>

namespace ws::protocol {
namespace {

using Word = std::uint64_t;

// The key as it stands at `offset`, twice.
std::array<std::byte, sizeof(Word)> rotated(const MaskKey& key, std::uint64_t offset) {
  std::array<std::byte, sizeof(Word)> result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = key[(offset + i) % key.size()];
  }
  return result;
}

void mask_word(std::byte* to, const std::byte* from, Word key) {
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  word ^= key;
  std::memcpy(to, &word, sizeof word);
}

}  // namespace

void mask_copy(std::span<std::byte> destination, std::span<const std::byte> source,
               const MaskKey& key, std::uint64_t offset) {
  assert(destination.size() == source.size());
  const auto key_bytes = rotated(key, offset);
  Word key_word = 0;
  std::memcpy(&key_word, key_bytes.data(), sizeof key_word);

  std::byte* to = destination.data();
  const std::byte* from = source.data();
  std::size_t left = source.size();
  constexpr std::size_t kWord = sizeof(Word);
  for (; left >= 4 * kWord; left -= 4 * kWord, to += 4 * kWord, from += 4 * kWord) {
    mask_word(to, from, key_word);
    mask_word(to + kWord, from + kWord, key_word);
    mask_word(to + 2 * kWord, from + 2 * kWord, key_word);
    mask_word(to + 3 * kWord, from + 3 * kWord, key_word);
  }
  for (; left >= kWord; left -= kWord, to += kWord, from += kWord) {
    mask_word(to, from, key_word);
  }
  for (std::size_t i = 0; i < left; ++i) {
    to[i] = from[i] ^ key_bytes[i];
  }
}

}  // namespace ws::protocol
