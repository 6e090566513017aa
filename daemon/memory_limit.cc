// SPDX-License-Identifier: MIT
#include "daemon/memory_limit.h"

#include <algorithm>

namespace wsbridged {

void MemoryLimit::change(std::size_t before, std::size_t after) {
  if (before == after) {
    return;
  }
  // Unsigned arithmetic wraps: this is also right when it becomes less.
  const std::size_t difference = after - before;
  const std::size_t now = held_.fetch_add(difference, std::memory_order_relaxed) + difference;
  std::size_t peak = peak_.load(std::memory_order_relaxed);
  while (after > before && now > peak &&
         !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

std::size_t MemoryLimit::left() const {
  const std::size_t now = held();
  return now < limit_ ? limit_ - now : 0;
}

std::size_t MemoryLimit::share() const {
  return std::max(2 * left(), kSmallestShare);
}

std::size_t MemoryLimit::read_size() const {
  return std::clamp(left() / 8, kSmallestRead, kLargestRead);
}

}  // namespace wsbridged
