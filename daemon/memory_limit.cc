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
  const std::size_t most = limit() / 4 * 3;
  const std::size_t now = held();
  return now < most ? most - now : 0;
}

std::size_t MemoryLimit::share() const {
  return std::max(2 * left(), held() < limit() ? kSmallestShare : 0);
}

std::size_t MemoryLimit::read_size() const {
  constexpr std::size_t streams = 1024;  // that may all have so much ready in the same turn
  return std::clamp(left() / streams, held() < limit() ? kSmallestRead : kReadAboveLimit,
                    kLargestRead);
}

}  // namespace wsbridged
