// SPDX-License-Identifier: MIT
// How long to wait before the next attempt to reach an upstream: doubling, capped, with jitter so
// that the sessions of a server that comes back do not all arrive at once. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace wsbridged {

// Delay n = min(max, initial * 2^n) * uniform(0.5, 1). Not thread-safe.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds initial, std::chrono::milliseconds max)
      : initial_(initial), max_(max) {}

  // `uniform` is drawn from 0 (included) to 1. At least 1 ms.
  [[nodiscard]] std::chrono::milliseconds next(double uniform);

  // After a connection that proved itself: the next delay is the first one again.
  void reset() { attempt_ = 0; }

 private:
  std::chrono::milliseconds initial_;
  std::chrono::milliseconds max_;
  std::uint32_t attempt_ = 0;  // n
};

}  // namespace wsbridged
