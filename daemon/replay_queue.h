// SPDX-License-Identifier: MIT
// Lines that were sent and are not confirmed yet, so that they can be sent again over the next
// connection. Pure: it neither sends nor pings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <ws/options.h>

#include "config/config.h"

namespace wsbridged {

// One ring of bytes: no allocation per line, and every operation is O(1), amortized. Not
// thread-safe.
//
// A line counts with its bytes and kLineOverhead. The queue takes whatever it is given: whoever
// pushes keeps to room(). Memory is never more than what the lines count (or 1 KiB), and none while
// it is empty.
class ReplayQueue {
 public:
  static constexpr std::size_t kLineOverhead = config::kReplayOverhead;

  // How far a stream of lines has come, counted from the first line ever.
  struct Mark {
    std::uint64_t lines = 0;
    std::uint64_t line_bytes = 0;
    bool operator==(const Mark&) const = default;
  };

  struct Line {
    ws::MessageType type = ws::MessageType::kText;
    std::string_view data;  // valid until the queue is changed
  };

  // `limit`: what room() counts down from.
  explicit ReplayQueue(std::size_t limit) : limit_(limit) {}

  // Appends a line. push_sent(): one that went out over this connection; all before it have.
  void push_sent(ws::MessageType type, std::string_view line);
  // The first line that this connection has not sent, if there is one; advance() when it has.
  [[nodiscard]] std::optional<Line> unsent();
  void advance();
  // A new connection: nothing was sent over it.
  void rewind();

  // Up to here everything has been sent over this connection.
  [[nodiscard]] Mark sent() const { return sent_; }

  // Drops everything up to `mark`, which is one that sent() gave since the last rewind().
  void confirm(const Mark& mark);

  // What all lines count, and those that were sent over this connection.
  [[nodiscard]] std::size_t size() const { return count_from(confirmed_, pushed_); }

  [[nodiscard]] std::size_t sent_size() const { return count_from(confirmed_, sent_); }

  [[nodiscard]] std::size_t room() const { return limit_ - (size() < limit_ ? size() : limit_); }

  [[nodiscard]] bool empty() const { return pushed_ == confirmed_; }

  [[nodiscard]] std::uint64_t line_count() const { return pushed_.lines - confirmed_.lines; }

  [[nodiscard]] std::uint64_t line_bytes() const {
    return pushed_.line_bytes - confirmed_.line_bytes;
  }

  // Of lines that this connection has not sent.
  [[nodiscard]] std::uint64_t unsent_line_bytes() const {
    return pushed_.line_bytes - sent_.line_bytes;
  }

  // Bytes of memory held.
  [[nodiscard]] std::size_t allocated() const { return capacity_; }

 private:
  // The size and the type of a line stand before it.
  static constexpr std::size_t kHeader = sizeof(std::uint32_t) + 1;

  [[nodiscard]] static std::size_t count_from(const Mark& from, const Mark& to) {
    return static_cast<std::size_t>(to.line_bytes - from.line_bytes +
                                    kLineOverhead * (to.lines - from.lines));
  }

  [[nodiscard]] static std::uint64_t stored_up_to(const Mark& mark) {
    return mark.line_bytes + kHeader * mark.lines;
  }

  [[nodiscard]] std::size_t wrapped(std::size_t index) const {
    return index < capacity_ ? index : index - capacity_;
  }

  [[nodiscard]] std::size_t index_of(const Mark& mark) const;
  void write(std::size_t index, const void* bytes, std::size_t size);
  void read(std::size_t index, void* bytes, std::size_t size) const;
  void reserve(std::size_t more);
  void straighten();

  std::size_t limit_;
  std::unique_ptr<char[]> ring_;  // NOLINT(modernize-avoid-c-arrays): not initialized
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;  // where the first unconfirmed line stands
  Mark confirmed_;
  Mark sent_;
  Mark pushed_;
};

}  // namespace wsbridged
