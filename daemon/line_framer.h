// SPDX-License-Identifier: MIT
// Up: cuts the local side's bytes into lines (or, in raw mode, takes each read as one). Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace wsbridged {

// A line as it is to be sent: without delimiter, without the '\r' that is dropped, escapes undone.
class LineSink {
 public:
  virtual ~LineSink() = default;
  // False stops the framer: nothing more is delivered, what is left is dropped.
  virtual bool on_line(std::string_view line) = 0;
};

enum class FramerState : unsigned char {
  kReady,
  kTooLong,  // a line is longer than max_line: see too_long()
  kStopped,  // the sink said so
};

// Not thread-safe. Memory: the incomplete line, at most max_line and a delimiter. Linear in the
// bytes, whatever the chunking: nothing is searched twice.
class LineFramer {
 public:
  // `framing` must outlive it.
  explicit LineFramer(const config::Framing& framing);

  // Takes all of `bytes`, in any chunking.
  FramerState receive(std::span<const std::byte> bytes, LineSink& sink);
  // The local side's end: what has no delimiter is sent or dropped (final_partial_line).
  FramerState finish(LineSink& sink);

  [[nodiscard]] FramerState state() const { return state_; }

  [[nodiscard]] std::size_t held_bytes() const { return tail_.size(); }  // of the incomplete line

  [[nodiscard]] std::size_t too_long() const {
    return too_long_;
  }  // bytes of the refused line seen so far

  [[nodiscard]] std::size_t dropped_bytes() const {
    return dropped_;
  }  // by final_partial_line: drop

 private:
  const config::Framing& framing_;
  FramerState state_ = FramerState::kReady;
  std::string tail_;
  std::size_t searched_ = 0;
  std::size_t too_long_ = 0;
  std::size_t dropped_ = 0;
};

// Every maximal invalid sequence replaced by U+FFFD (the WHATWG and Unicode recommendation).
[[nodiscard]] std::string replace_invalid_utf8(std::string_view text);

}  // namespace wsbridged
