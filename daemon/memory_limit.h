// SPDX-License-Identifier: MIT
// limits.memory: what all buffers of all sessions hold together, and what one direction of one
// session may hold of it. It decides with numbers alone; who pauses is in memory_watch.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace wsbridged {

// May be used from any number of threads: the workers share one.
//
// One direction may hold twice of what is left of three quarters. So nobody is held up while there
// is plenty; the largest ones pause first as it becomes scarce, and many that are full share it
// evenly. The last quarter is for those that hold little. Above the limit who holds nothing may
// still read a little: what drains at once gets through whatever the others hold.
class MemoryLimit {
 public:
  static constexpr std::size_t kSmallestShare = std::size_t{8} << 10;  // below the limit; then 0
  static constexpr std::size_t kLargestRead = std::size_t{256} << 10;
  static constexpr std::size_t kSmallestRead = std::size_t{4} << 10;  // below the limit
  static constexpr std::size_t kReadAboveLimit = std::size_t{2} << 10;

  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max() / 2;

  explicit MemoryLimit(std::size_t bytes) : limit_(bytes) {}

  [[nodiscard]] std::size_t limit() const { return limit_.load(std::memory_order_relaxed); }

  void set_limit(std::size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }

  // The holding of some direction was `before` and is `after`.
  void change(std::size_t before, std::size_t after);

  [[nodiscard]] std::size_t held() const { return held_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::size_t peak() const { return peak_.load(std::memory_order_relaxed); }

  // The most that a direction may hold and still be read for.
  [[nodiscard]] std::size_t share() const;

  // More than half of it is held: worth knowing exactly.
  [[nodiscard]] bool is_scarce() const { return held() > limit_ / 2; }

  // How much may be received at a time.
  [[nodiscard]] std::size_t read_size() const;

 private:
  [[nodiscard]] std::size_t left() const;  // of the three quarters

  std::atomic<std::size_t> limit_;
  std::atomic<std::size_t> held_{0};
  std::atomic<std::size_t> peak_{0};
};

}  // namespace wsbridged
