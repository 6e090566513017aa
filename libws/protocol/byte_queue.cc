// SPDX-License-Identifier: MIT
// The chain of segments behind ByteQueue: what happens when a segment is full or has been sent.
#include <cstdint>
#include <new>
#include <utility>

#include <ws/byte_queue.h>

namespace ws {
namespace {

constexpr std::size_t kSmallestSegment = std::size_t{4} << 10;
constexpr std::size_t kLargestSegment = std::size_t{64} << 10;

}  // namespace

// The bytes follow the header in the same allocation. The end of the last segment's bytes is
// tail_; `end` is right for all others.
struct ByteQueue::Segment {
  Segment* previous = nullptr;
  Segment* next = nullptr;
  std::byte* begin = nullptr;
  std::byte* end = nullptr;
  std::size_t capacity = 0;

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

  static Segment* make(std::size_t capacity) {
    if (capacity > SIZE_MAX - sizeof(Segment)) {
      throw std::bad_alloc();
    }
    auto* segment = new (::operator new(sizeof(Segment) + capacity)) Segment;
    segment->begin = segment->data();
    segment->end = segment->data();
    segment->capacity = capacity;
    return segment;
  }

  static void destroy(Segment* segment) noexcept { ::operator delete(segment); }
};

ByteQueue::ByteQueue(ByteQueue&& other) noexcept
    : first_(std::exchange(other.first_, nullptr)),
      last_(std::exchange(other.last_, nullptr)),
      tail_(std::exchange(other.tail_, nullptr)),
      limit_(std::exchange(other.limit_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

ByteQueue& ByteQueue::operator=(ByteQueue&& other) noexcept {
  ByteQueue taken(std::move(other));
  std::swap(first_, taken.first_);
  std::swap(last_, taken.last_);
  std::swap(tail_, taken.tail_);
  std::swap(limit_, taken.limit_);
  std::swap(size_, taken.size_);
  return *this;
}

void ByteQueue::grow(std::size_t size) {
  drop_unused_last();
  const std::size_t usual =
      last_ == nullptr ? kSmallestSegment : std::min(last_->capacity * 2, kLargestSegment);
  Segment* segment = Segment::make(std::max(size, usual));
  segment->previous = last_;
  if (last_ == nullptr) {
    first_ = segment;
  } else {
    last_->end = tail_;
    last_->next = segment;
  }
  last_ = segment;
  tail_ = segment->begin;
  limit_ = segment->begin + segment->capacity;
}

// A segment that was reserved and never committed must not stay in the middle of the chain, where
// front() would find it empty.
void ByteQueue::drop_unused_last() noexcept {
  if (last_ == nullptr || tail_ != last_->begin) {
    return;
  }
  Segment* unused = last_;
  last_ = unused->previous;
  Segment::destroy(unused);
  if (last_ == nullptr) {
    first_ = nullptr;
    tail_ = nullptr;
    limit_ = nullptr;
  } else {
    last_->next = nullptr;
    tail_ = last_->end;
    limit_ = last_->data() + last_->capacity;
  }
}

void ByteQueue::append_across(std::span<const std::byte> bytes) {
  const auto head = bytes.first(room());
  tail_ = std::copy(head.begin(), head.end(), tail_);
  size_ += head.size();
  const auto rest = bytes.subspan(head.size());
  grow(rest.size());
  tail_ = std::copy(rest.begin(), rest.end(), tail_);
  size_ += rest.size();
}

std::span<const std::byte> ByteQueue::bytes_of(const Segment& segment) const noexcept {
  return {segment.begin, &segment == last_ ? tail_ : segment.end};
}

std::span<const std::byte> ByteQueue::front() const noexcept {
  return first_ == nullptr ? std::span<const std::byte>{} : bytes_of(*first_);
}

std::size_t ByteQueue::gather(std::span<std::span<const std::byte>> spans) const noexcept {
  std::size_t count = 0;
  for (const Segment* segment = first_; segment != nullptr && count < spans.size();
       segment = segment->next) {
    const auto bytes = bytes_of(*segment);
    if (!bytes.empty()) {
      spans[count++] = bytes;
    }
  }
  return count;
}

void ByteQueue::consume(std::size_t size) noexcept {
  assert(size <= size_);
  if (size == size_) {
    clear();
    return;
  }
  size_ -= size;
  while (size >= bytes_of(*first_).size()) {
    size -= bytes_of(*first_).size();
    drop_first();
  }
  first_->begin += size;
}

// Precondition: something follows the first segment.
void ByteQueue::drop_first() noexcept {
  Segment* sent = first_;
  first_ = sent->next;
  first_->previous = nullptr;
  Segment::destroy(sent);
}

void ByteQueue::clear() noexcept {
  while (first_ != nullptr) {
    Segment* next = first_->next;
    Segment::destroy(first_);
    first_ = next;
  }
  last_ = nullptr;
  tail_ = nullptr;
  limit_ = nullptr;
  size_ = 0;
}

std::size_t ByteQueue::allocated() const noexcept {
  std::size_t bytes = 0;
  for (const Segment* segment = first_; segment != nullptr; segment = segment->next) {
    bytes += sizeof(Segment) + segment->capacity;
  }
  return bytes;
}

}  // namespace ws
