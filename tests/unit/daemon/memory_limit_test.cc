// SPDX-License-Identifier: MIT
// limits.memory as numbers: what is held, and what one direction may hold of it.
#include "daemon/memory_limit.h"

#include <thread>
#include <vector>

#include "support/catch.h"

using namespace wsbridged;

namespace {

constexpr std::size_t kKib = 1024;
constexpr std::size_t kMib = 1024 * kKib;

}  // namespace

TEST_CASE("memory limit: one may hold twice of what is left of three quarters", "[memory_limit]") {
  MemoryLimit limit(16 * kMib);
  CHECK(limit.share() == 24 * kMib);
  CHECK(limit.read_size() == 12 * kKib);
  limit.change(0, 8 * kMib);
  CHECK(limit.held() == 8 * kMib);
  CHECK(limit.share() == 8 * kMib);
  limit.change(0, 4 * kMib - 64 * kKib);
  CHECK(limit.share() == 128 * kKib);
  CHECK(limit.read_size() == MemoryLimit::kSmallestRead);
  limit.change(0, kMib);
  CHECK(limit.share() == MemoryLimit::kSmallestShare);
  limit.change(0, 4 * kMib);
  CHECK(limit.share() == 0);
  CHECK(limit.read_size() == MemoryLimit::kReadAboveLimit);
  limit.change(8 * kMib, 0);
  CHECK(limit.held() == 9 * kMib - 64 * kKib);
  CHECK(limit.peak() == 17 * kMib - 64 * kKib);
  CHECK(MemoryLimit(1024 * kMib).read_size() == MemoryLimit::kLargestRead);
}

TEST_CASE("memory limit: several threads lose nothing", "[memory_limit]") {
  MemoryLimit limit(kMib);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&limit] {
      for (std::size_t n = 0; n < 10'000; ++n) {
        limit.change(0, n);
        limit.change(n, 1);
        limit.change(1, 0);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(limit.held() == 0);
  CHECK(limit.peak() >= 9'999);
}
