// SPDX-License-Identifier: MIT
// The lines of one live session on their way to somebody who watches: `ctl tap`. Between two
// threads, bounded; the session never waits for the watcher.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "daemon/metrics.h"

namespace wsbridged {

// Thread-safe. Memory: kMaxWaiting and one record.
class Tap {
 public:
  static constexpr std::size_t kMaxLine = 4096;            // bytes shown of a line
  static constexpr std::size_t kMaxWaiting = 256U << 10U;  // of records; further lines are counted

  // `width`: bytes shown of a line, at most kMaxLine. `on_ready` is called on the session's thread
  // when records wait that no take() has fetched yet, once until the next take().
  Tap(std::size_t width, std::function<void()> on_ready);

  // The session's side.
  void tell_line(Direction direction, std::string_view line);
  // The session has ended. Later calls do nothing.
  void tell_end(std::string_view cause);

  [[nodiscard]] bool is_watched() const { return is_watched_.load(std::memory_order_relaxed); }

  // The watcher's side. What comes behind the end is announced to nobody: so both are one answer.
  struct Taken {
    // One JSON object a line: {"time":1763812801.123,"direction":"up","size":5,"line":"hello"},
    // {"dropped_lines":12} and at last {"end":"local end"}. Empty when none wait.
    std::string records;
    bool has_ended = false;  // these were the last
  };

  [[nodiscard]] Taken take();
  // Nobody watches any more.
  void leave();

 private:
  void append(std::string record);

  const std::size_t width_;
  const std::function<void()> on_ready_;
  std::atomic<bool> is_watched_{true};
  std::mutex mutex_;
  std::string waiting_;
  std::uint64_t dropped_lines_ = 0;
  bool is_announced_ = false;
  bool has_ended_ = false;
};

}  // namespace wsbridged
