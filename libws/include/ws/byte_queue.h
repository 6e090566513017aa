// SPDX-License-Identifier: MIT
// Bytes on their way out: appended at the back, sent from the front, held in a chain of segments so
// that nothing is moved when it grows. An empty queue owns no memory.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>

#include <ws/export.h>

namespace ws {

/// Not thread-safe. It has no limit of its own: whoever appends watches size() (see Stream).
/// Segments begin with 4 KiB and double up to 64 KiB while the queue stays non-empty; a reserve()
/// that asks for more gets a segment of its own.
class WS_EXPORT ByteQueue {
 public:
  ByteQueue() noexcept = default;

  ~ByteQueue() { clear(); }

  /// Takes the bytes of `other`, which is empty afterwards.
  ByteQueue(ByteQueue&& other) noexcept;
  /// Drops its own bytes and takes those of `other`, which is empty afterwards.
  ByteQueue& operator=(ByteQueue&& other) noexcept;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  /// `size` contiguous writable bytes behind the last one; they count only once committed. Valid
  /// until the next call of any member but size() and empty().
  [[nodiscard]] std::span<std::byte> reserve(std::size_t size) {
    if (size > room()) {
      grow(size);
    }
    return {tail_, size};
  }

  /// Makes the first `size` bytes of the last reserve() part of the queue.
  void commit(std::size_t size) noexcept {
    assert(size <= room());
    tail_ += size;
    size_ += size;
    if (size_ == 0) {
      clear();
    }
  }

  /// Copies `bytes` behind the last byte.
  void append(std::span<const std::byte> bytes) {
    if (bytes.size() > room()) {
      append_across(bytes);
      return;
    }
    tail_ = std::copy(bytes.begin(), bytes.end(), tail_);
    size_ += bytes.size();
  }

  /// The same for text.
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }

  /// The first contiguous bytes, empty only when the queue is.
  [[nodiscard]] std::span<const std::byte> front() const noexcept;
  /// Fills `spans` with the first contiguous runs, in order; returns how many it filled.
  [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> spans) const noexcept;
  /// Drops `size` bytes, at most size().
  void consume(std::size_t size) noexcept;
  /// Drops every byte and frees all memory.
  void clear() noexcept;

  /// Bytes that wait, those of a reserve() without commit() not among them.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Does no byte wait?
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Bytes of memory held, for tests and for accounting: 0 when the queue is empty and no reserve()
  /// waits for its commit().
  [[nodiscard]] std::size_t allocated() const noexcept;

 private:
  struct WS_HIDDEN Segment;

  [[nodiscard]] std::size_t room() const noexcept {
    return static_cast<std::size_t>(limit_ - tail_);
  }

  [[nodiscard]] std::span<const std::byte> bytes_of(const Segment& segment) const noexcept;
  void grow(std::size_t size);
  void append_across(std::span<const std::byte> bytes);
  void drop_first() noexcept;
  void drop_unused_last() noexcept;

  Segment* first_ = nullptr;  ///< owned chain
  Segment* last_ = nullptr;
  std::byte* tail_ = nullptr;   ///< where the next byte goes, in last_
  std::byte* limit_ = nullptr;  ///< the end of last_
  std::size_t size_ = 0;
};

}  // namespace ws
