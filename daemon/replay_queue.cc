// SPDX-License-Identifier: MIT
// A record is the size of a line, its type and its bytes. Records may run over the ring's end; to
// be sent again they are needed in one piece, so the ring is then turned to begin at its start.
#include "daemon/replay_queue.h"

#include <algorithm>
#include <cstring>

namespace wsbridged {

namespace {

constexpr std::size_t kFirstCapacity = 1024;

}  // namespace

void ReplayQueue::push_sent(ws::MessageType type, std::string_view line) {
  reserve(kHeader + line.size());
  const auto size = static_cast<std::uint32_t>(line.size());
  const std::size_t index = index_of(pushed_);
  if (index + kHeader + line.size() <= capacity_) [[likely]] {
    char* const to = ring_.get() + index;
    std::memcpy(to, &size, sizeof(size));
    to[sizeof(size)] = static_cast<char>(type);
    std::copy_n(line.data(), line.size(), to + kHeader);
  } else {
    write(index, &size, sizeof(size));
    write(index + sizeof(size), &type, 1);
    write(index + kHeader, line.data(), line.size());
  }
  pushed_.lines += 1;
  pushed_.line_bytes += line.size();
  sent_ = pushed_;
}

std::optional<ReplayQueue::Line> ReplayQueue::unsent() {
  if (sent_ == pushed_) {
    return std::nullopt;
  }
  Line line;
  std::uint32_t size = 0;
  read(index_of(sent_), &size, sizeof(size));
  read(index_of(sent_) + sizeof(size), &line.type, 1);
  if (wrapped(index_of(sent_) + kHeader) + size > capacity_) {
    straighten();
  }
  line.data = {ring_.get() + wrapped(index_of(sent_) + kHeader), size};
  return line;
}

void ReplayQueue::advance() {
  std::uint32_t size = 0;
  read(index_of(sent_), &size, sizeof(size));
  sent_.lines += 1;
  sent_.line_bytes += size;
}

void ReplayQueue::rewind() {
  sent_ = confirmed_;
}

void ReplayQueue::confirm(const Mark& mark) {
  if (mark == pushed_) {
    ring_.reset();
    capacity_ = 0;
    head_ = 0;
  } else {
    head_ = index_of(mark);
  }
  confirmed_ = mark;
}

std::size_t ReplayQueue::index_of(const Mark& mark) const {
  return wrapped(head_ + static_cast<std::size_t>(stored_up_to(mark) - stored_up_to(confirmed_)));
}

void ReplayQueue::write(std::size_t index, const void* bytes, std::size_t size) {
  if (size == 0) {
    return;
  }
  index = wrapped(index);
  const std::size_t first = std::min(size, capacity_ - index);
  std::memcpy(ring_.get() + index, bytes, first);
  std::memcpy(ring_.get(), static_cast<const char*>(bytes) + first, size - first);
}

void ReplayQueue::read(std::size_t index, void* bytes, std::size_t size) const {
  index = wrapped(index);
  const std::size_t first = std::min(size, capacity_ - index);
  std::memcpy(bytes, ring_.get() + index, first);
  std::memcpy(static_cast<char*>(bytes) + first, ring_.get(), size - first);
}

// Doubles, but not beyond what the limit may ask for.
void ReplayQueue::reserve(std::size_t more) {
  const auto used = static_cast<std::size_t>(stored_up_to(pushed_) - stored_up_to(confirmed_));
  if (used + more <= capacity_) {
    return;
  }
  const std::size_t wanted = std::max(kFirstCapacity, std::min(2 * capacity_, limit_));
  const std::size_t capacity = std::max(used + more, wanted);
  auto ring = std::make_unique_for_overwrite<char[]>(capacity);  // NOLINT(modernize-avoid-c-arrays)
  if (used > 0) {
    read(head_, ring.get(), used);
  }
  ring_ = std::move(ring);
  capacity_ = capacity;
  head_ = 0;
}

// In place, so that a replay takes no more memory than the queue has.
void ReplayQueue::straighten() {
  std::rotate(ring_.get(), ring_.get() + head_, ring_.get() + capacity_);
  head_ = 0;
}

}  // namespace wsbridged
