// SPDX-License-Identifier: MIT
// limits.memory: what all buffers of all sessions hold together, and what one direction of one
// session may hold of it. It decides with numbers alone; who pauses is in memory_watch.h.
#pragma once

#include <atomic>
#include <cstddef>

namespace wsbridged {

// May be used from any number of threads: the workers share one.
//
// One direction may hold twice of what is left. So nobody is held up while there is plenty; the
// largest ones pause first as it becomes scarce, many that are full share it evenly, and there is
// always something left for a small one.
class MemoryLimit {
 public:
  // A direction that holds no more than this always goes on, also above the limit.
  static constexpr std::size_t kSmallestShare = std::size_t{8} << 10;
  static constexpr std::size_t kSmallestRead = std::size_t{4} << 10;
  static constexpr std::size_t kLargestRead = std::size_t{256} << 10;

  explicit MemoryLimit(std::size_t bytes) : limit_(bytes) {}

  [[nodiscard]] std::size_t limit() const { return limit_; }

  // The holding of some direction was `before` and is `after`.
  void change(std::size_t before, std::size_t after);

  [[nodiscard]] std::size_t held() const { return held_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::size_t peak() const { return peak_.load(std::memory_order_relaxed); }

  // The most that a direction may hold and still be read for.
  [[nodiscard]] std::size_t share() const;
  // How much may be received at a time: less as it becomes scarce, since many streams may have that
  // much ready in the same turn.
  [[nodiscard]] std::size_t read_size() const;

 private:
  [[nodiscard]] std::size_t left() const;

  std::size_t limit_;
  std::atomic<std::size_t> held_{0};
  std::atomic<std::size_t> peak_{0};
};

}  // namespace wsbridged
