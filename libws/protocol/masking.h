// SPDX-License-Identifier: MIT
// Masking of payloads (RFC 6455 section 5.3): XOR with a repeated four-byte key. The same function
// masks and unmasks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

}  // namespace ws::protocol
