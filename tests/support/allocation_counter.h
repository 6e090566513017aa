// SPDX-License-Identifier: MIT
// Counts what operator new gives out, for tests that bound memory and work: of each thread, what it
// allocates and frees. A test program that uses it has operator new replaced as a whole.
#pragma once

#include <cstddef>

namespace support {

struct AllocationCount {
  std::ptrdiff_t held = 0;  // bytes, now; negative when others allocated what this thread frees
  std::ptrdiff_t most = 0;  // bytes, at once, since reset()
  std::size_t total = 0;    // bytes, ever
};

[[nodiscard]] AllocationCount& allocation_count();

// Bytes held at most, and given out in all, since it was made.
class AllocationWatch {
 public:
  AllocationWatch() : start_(allocation_count()) { allocation_count().most = start_.held; }

  [[nodiscard]] std::size_t most() const {
    return static_cast<std::size_t>(allocation_count().most - start_.held);
  }

  [[nodiscard]] std::size_t total() const { return allocation_count().total - start_.total; }

 private:
  AllocationCount start_;
};

}  // namespace support
