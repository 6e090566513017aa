// SPDX-License-Identifier: MIT
// Random bytes at a few nanoseconds each: drawn 4 KiB at a time from the system's generator.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include "protocol/random_source.h"

namespace ws::net {

// Hands out no byte twice and wipes what it handed out. Not thread-safe, and not for use on both
// sides of a fork(). Throws std::runtime_error when the system has no randomness to give: a
// predictable mask would break RFC 6455 section 10.3.
class RandomPool final : public protocol::RandomSource {
 public:
  // Fills all of `bytes`; false when it could not.
  using Generator = std::function<bool(std::span<std::byte> bytes)>;

  static constexpr std::size_t kSize = 4096;

  RandomPool();  // OpenSSL's RAND_bytes
  explicit RandomPool(Generator generator);
  ~RandomPool() override;
  RandomPool(const RandomPool&) = delete;
  RandomPool& operator=(const RandomPool&) = delete;

  void fill(std::span<std::byte> bytes) override;

 private:
  void refill();

  Generator generator_;
  std::array<std::byte, kSize> pool_{};
  std::size_t left_ = 0;  // fresh bytes, at the end of pool_
};

}  // namespace ws::net
