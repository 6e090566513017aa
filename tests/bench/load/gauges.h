// SPDX-License-Identifier: MIT
// What the two sides of a run tell the one that conducts it. Both may run on threads of their own,
// so all of it is atomic; nothing here is read for each line.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace bench {

using Nanoseconds = std::int64_t;

inline Nanoseconds now() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

enum class Phase : int {
  kOpening,   // connections are made, nothing is sent
  kChecking,  // the warm-up: every byte that arrives is compared
  kDraining,  // no further line begins; what is under way arrives
  kCounting,  // what is measured: lines are counted, their contents not looked at
};

struct Gauges {
  std::atomic<std::uint64_t> sent = 0;       // lines that were begun by whoever begins
  std::atomic<std::uint64_t> delivered = 0;  // lines that arrived at whoever counts
  std::atomic<std::uint64_t> open_local = 0;
  std::atomic<std::uint64_t> open_peer = 0;
  std::atomic<std::uint64_t> resumed = 0;  // TLS sessions
  std::atomic<Nanoseconds> last_delivery = 0;
  std::atomic<bool> has_failed = false;

  // The first failure is the one that is told.
  void fail(std::string_view what) {
    const std::lock_guard lock(mutex_);
    if (!has_failed) {
      failure_ = what;
      has_failed = true;
    }
  }

  [[nodiscard]] std::string failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  std::mutex mutex_;
  std::string failure_;
};

}  // namespace bench
