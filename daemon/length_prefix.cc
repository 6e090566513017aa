// SPDX-License-Identifier: MIT
#include "daemon/length_prefix.h"

#include <array>
#include <cassert>
#include <limits>
#include <span>

namespace wsbridged {

bool LengthPrefix::take(std::string_view& bytes) {
  while (held_ < kSize && !bytes.empty()) {
    value_ = value_ << 8U | static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    ++held_;
  }
  return held_ == kSize;
}

void append_length_prefix(std::size_t size, ws::ByteQueue& out) {
  assert(size <= std::numeric_limits<std::uint32_t>::max());
  const std::array<std::byte, LengthPrefix::kSize> prefix = {
      static_cast<std::byte>(size >> 24U & 0xffU), static_cast<std::byte>(size >> 16U & 0xffU),
      static_cast<std::byte>(size >> 8U & 0xffU), static_cast<std::byte>(size & 0xffU)};
  out.append(std::span<const std::byte>(prefix));
}

}  // namespace wsbridged
