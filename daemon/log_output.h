// SPDX-License-Identifier: MIT
// Writes lines to a descriptor that may be a pipe nobody reads, a terminal or closed, and never
// waits for it for long.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "config/config.h"
#include "daemon/log_format.h"

namespace wsbridged {

// kYes for a terminal that knows colours, unless NO_COLOR has a value (https://no-color.org).
[[nodiscard]] Colour colour_of(int descriptor);

// Is it the journal's (JOURNAL_STREAM), where a line may begin with its priority?
[[nodiscard]] bool is_journal(int descriptor);

// What `auto` stands for: the journal's format for the journal, text for a terminal, else JSON.
[[nodiscard]] config::LogFormat resolve_format(config::LogFormat format, int descriptor);

// Not thread-safe. The descriptor stays the caller's and its flags untouched: they are shared with
// other processes. SIGPIPE must be ignored.
class LogOutput {
 public:
  // Waits at most `patience` for a stalled reader, and not at all for one that was found stalled
  // last time.
  explicit LogOutput(int descriptor,
                     std::chrono::milliseconds patience = std::chrono::milliseconds(1000));

  // Writes `line` and a newline, at once up to PIPE_BUF bytes. False when it was not (wholly)
  // taken; a line that was begun is ended before the next.
  bool write(std::string line);
  // Would write() begin without waiting?
  [[nodiscard]] bool is_writable() const;

 private:
  using Clock = std::chrono::steady_clock;
  bool write_all(std::string_view bytes, Clock::time_point deadline);
  [[nodiscard]] bool wait_until(Clock::time_point deadline) const;

  int descriptor_;
  std::chrono::milliseconds patience_;
  bool is_stalled_ = false;
  bool is_mid_line_ = false;
};

}  // namespace wsbridged
