// SPDX-License-Identifier: MIT
// Bytes on their way out: appended at the back, sent from the front, held in a chain of segments so
// that nothing is moved when it grows. An empty queue owns no memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace ws {

// Not thread-safe. It has no limit of its own: whoever appends watches size() (see Stream).
class ByteQueue {
 public:
  ByteQueue() noexcept = default;
  ~ByteQueue();
  ByteQueue(ByteQueue&& other) noexcept;
  ByteQueue& operator=(ByteQueue&& other) noexcept;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  // `size` contiguous writable bytes behind the last one; they count only once committed. Valid
  // until the next call of any member but size() and empty().
  [[nodiscard]] std::span<std::byte> reserve(std::size_t size);
  // Makes the first `size` bytes of the last reserve() part of the queue.
  void commit(std::size_t size) noexcept;

  void append(std::span<const std::byte> bytes);
  void append(std::string_view text);

  // The first contiguous bytes, empty only when the queue is.
  [[nodiscard]] std::span<const std::byte> front() const noexcept;
  // Fills `spans` with the first contiguous runs, in order; returns how many it filled.
  [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> spans) const noexcept;
  // Drops `size` bytes, at most size().
  void consume(std::size_t size) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  struct Segment;
  Segment& grow(std::size_t size);

  Segment* first_ = nullptr;  // owned chain
  Segment* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ws
