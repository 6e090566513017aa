// SPDX-License-Identifier: MIT
// Where mask keys and handshake nonces come from: unpredictable in use (RFC 6455 section 10.3),
// fixed in tests.
#pragma once

#include <cstddef>
#include <span>

namespace ws::protocol {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills all of `bytes`. Called once per frame with 4 bytes, or with those of up to 64 frames, so
  // it must be cheap: see RandomPool.
  virtual void fill(std::span<std::byte> bytes) = 0;
};

}  // namespace ws::protocol
