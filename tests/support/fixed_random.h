// SPDX-License-Identifier: MIT
// Randomness that tests know beforehand.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/random_source.h"

namespace support {

// The same bytes over and over; by default the mask key of the examples in RFC 6455 section 5.7.
class FixedRandom : public ws::protocol::RandomSource {
 public:
  explicit FixedRandom(std::string bytes = "\x37\xfa\x21\x3d") : bytes_(std::move(bytes)) {}

  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(bytes_[next_++ % bytes_.size()]);
    }
  }

 private:
  std::string bytes_;
  std::size_t next_ = 0;
};

// Masks that change nothing, so that what a client sent can be read.
[[nodiscard]] inline FixedRandom zero_random() {
  return FixedRandom(std::string(1, '\0'));
}

// 0, 1, 2, 3, …: no two keys in a row are equal.
class CountingRandom : public ws::protocol::RandomSource {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(next_++);
    }
  }

 private:
  unsigned char next_ = 0;
};

}  // namespace support
