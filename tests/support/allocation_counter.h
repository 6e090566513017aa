// SPDX-License-Identifier: MIT
// Counts what operator new gives out, for tests that bound memory and work. Including it in one
// source of a test program replaces operator new in the whole program, so only one source may.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace support {

struct AllocationCount {
  std::size_t held = 0;   // bytes, now
  std::size_t most = 0;   // bytes, at once, since reset()
  std::size_t total = 0;  // bytes, ever
};

inline AllocationCount& allocation_count() {
  static AllocationCount count;
  return count;
}

// Bytes held at most, and given out in all, since it was made.
class AllocationWatch {
 public:
  AllocationWatch() : start_(allocation_count()) { allocation_count().most = start_.held; }

  [[nodiscard]] std::size_t most() const { return allocation_count().most - start_.held; }

  [[nodiscard]] std::size_t total() const { return allocation_count().total - start_.total; }

 private:
  AllocationCount start_;
};

inline void* allocate_counted(std::size_t size) noexcept {
  void* block = std::malloc(size);
  if (block != nullptr) {
    auto& count = allocation_count();
    const std::size_t bytes = malloc_usable_size(block);
    count.held += bytes;
    count.total += bytes;
    count.most = std::max(count.most, count.held);
  }
  return block;
}

inline void free_counted(void* block) noexcept {
  if (block != nullptr) {
    allocation_count().held -= malloc_usable_size(block);
    std::free(block);
  }
}

}  // namespace support

void* operator new(std::size_t size) {
  void* block = support::allocate_counted(size);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  return block;
}

void* operator new[](std::size_t size) {
  return operator new(size);
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return support::allocate_counted(size);
}

void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return support::allocate_counted(size);
}

void operator delete(void* block) noexcept {
  support::free_counted(block);
}

void operator delete[](void* block) noexcept {
  support::free_counted(block);
}

void operator delete(void* block, std::size_t /*size*/) noexcept {
  support::free_counted(block);
}

void operator delete[](void* block, std::size_t /*size*/) noexcept {
  support::free_counted(block);
}

void operator delete(void* block, const std::nothrow_t& /*tag*/) noexcept {
  support::free_counted(block);
}

void operator delete[](void* block, const std::nothrow_t& /*tag*/) noexcept {
  support::free_counted(block);
}
