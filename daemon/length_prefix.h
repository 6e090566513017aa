// SPDX-License-Identifier: MIT
// Mode length-prefixed: the size of a message in the four bytes before it, the most significant one
// first. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ws/byte_queue.h>

namespace wsbridged {

// One prefix at a time, in any chunking.
class LengthPrefix {
 public:
  static constexpr std::size_t kSize = 4;

  // Takes what is missing of the prefix off the front of `bytes`; true when none is.
  bool take(std::string_view& bytes);

  void clear() { held_ = 0; }  // for the next one

  // Of a whole one.
  [[nodiscard]] std::size_t value() const { return value_; }

  [[nodiscard]] std::size_t held_bytes() const { return held_; }

 private:
  std::uint32_t value_ = 0;
  std::uint8_t held_ = 0;
};

// `size` is below 2^32.
void append_length_prefix(std::size_t size, ws::ByteQueue& out);

}  // namespace wsbridged
