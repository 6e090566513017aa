// SPDX-License-Identifier: MIT
#include "support/allocation_counter.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace support {

AllocationCount& allocation_count() {
  static thread_local AllocationCount count;
  return count;
}

namespace {

void* allocate_counted(std::size_t size) noexcept {
  void* block = std::malloc(size);
  if (block != nullptr) {
    auto& count = allocation_count();
    const std::size_t bytes = malloc_usable_size(block);
    count.held += static_cast<std::ptrdiff_t>(bytes);
    count.total += bytes;
    count.most = std::max(count.most, count.held);
  }
  return block;
}

void free_counted(void* block) noexcept {
  if (block != nullptr) {
    allocation_count().held -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
    std::free(block);
  }
}

}  // namespace
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
