// SPDX-License-Identifier: MIT
// How long accepting rests when the system is out of descriptors or memory: 5 ms, doubling to 1 s.
#pragma once

#include <algorithm>
#include <chrono>

namespace wsbridged {

class AcceptBackoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{5};
  static constexpr std::chrono::milliseconds kLongest{1'000};

  // The delay for the failure that just happened.
  [[nodiscard]] std::chrono::milliseconds next() {
    const auto delay = next_;
    next_ = std::min(next_ * 2, kLongest);
    return delay;
  }

  void reset() { next_ = kFirst; }

 private:
  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace wsbridged
