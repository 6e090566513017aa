// SPDX-License-Identifier: MIT
// Holds the sessions of one worker to limits.memory: knows what each of them holds, and says for
// which direction of which session nothing may be read. It has no timer and no socket of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "daemon/direction.h"
#include "daemon/memory_limit.h"

namespace wsbridged {

// What one direction of a session holds.
struct Holding {
  std::size_t bytes = 0;
  // Of them, those that only more reading can move on: a part of a line or of a message.
  std::size_t unfinished = 0;
};

struct Holdings {
  Holding up;
  Holding down;
};

// A session, seen from here.
class MemoryHolder {
 public:
  virtual ~MemoryHolder() = default;
  [[nodiscard]] virtual Holdings holdings() const = 0;
  // MemoryAccount::may_read() says something else than before. It must not end the session at once.
  virtual void handle_memory_change() = 0;
};

class MemoryWatch;

// A session's entry with its worker's watch. Without a watch there is no limit, and it does
// nothing.
class MemoryAccount {
 public:
  // Both must outlive it.
  MemoryAccount(MemoryWatch* watch, MemoryHolder& holder) : watch_(watch), holder_(&holder) {}

  ~MemoryAccount();
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  // To be called after each read, and whenever much was put into a buffer; may_read() is right
  // afterwards.
  void note();

  [[nodiscard]] bool may_read(Direction direction) const {
    return !sides_[static_cast<std::size_t>(direction)].is_paused;
  }

 private:
  friend class MemoryWatch;

  struct Side {
    Holding held;  // at the last look
    bool is_paused = false;
  };

  [[nodiscard]] bool is_paused() const { return sides_[0].is_paused || sides_[1].is_paused; }

  MemoryWatch* watch_;
  MemoryHolder* holder_;
  std::array<Side, 2> sides_;
  std::optional<std::size_t> place_;  // among those that hold something
  bool is_fresh_ = false;             // noted since the last look
};

// Belongs to its worker's thread. What a read brought is mostly gone when the loop's turn ends, so
// who was noted is looked at again soon, in the next turn when it is scarce. Later a session that
// drains tells nobody: those that still hold something are looked at from time to time.
//
// What is unfinished cannot drain: when nothing but that is left, pausing would be for ever. So one
// direction at a time passes, whatever it holds, until its line or message is complete.
class MemoryWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  enum class Pressure : std::uint8_t { kBegins, kEnds };

  struct Hooks {
    std::function<void(Milliseconds)> look_after;  // look() wants to be called then
    std::function<void(std::size_t)> set_read_size;
    std::function<void(Pressure)> on_pressure;  // the first session paused, the last resumed
  };

  // When those that were noted are looked at again, while there is plenty.
  static constexpr Milliseconds kFreshInterval{10};
  // How often holders are looked at.
  static constexpr Milliseconds kPausedInterval{20};
  static constexpr Milliseconds kCalmInterval{250};
  // One that passes and gets nothing for this long lets the next one pass.
  static constexpr Milliseconds kPassingPatience{1'000};

  // `limit` must outlive it.
  MemoryWatch(MemoryLimit& limit, Hooks hooks) : limit_(limit), hooks_(std::move(hooks)) {}

  // To be called when a hook asked for it; earlier does no harm.
  void look(TimePoint now);

  [[nodiscard]] std::size_t holder_count() const { return holders_.size(); }

 private:
  friend class MemoryAccount;

  struct Passing {
    MemoryAccount* account = nullptr;  // nullptr: nobody passes
    Direction direction = Direction::kUp;
    std::size_t unfinished = 0;  // at the last look
    TimePoint moved_at{};
  };

  void note(MemoryAccount& account);
  void forget(MemoryAccount& account);
  void refresh(MemoryAccount& account);
  void place(MemoryAccount& account);
  void displace(MemoryAccount& account);
  void look_at_fresh();
  void look_at_all(TimePoint now);
  void settle(MemoryAccount& account);
  // True when one of its directions was paused or resumed.
  bool judge(MemoryAccount& account);
  bool judge(MemoryAccount& account, Direction direction);
  [[nodiscard]] bool is_stuck(const MemoryAccount::Side& side) const;
  void check_passing(TimePoint now);
  void choose_passing(TimePoint now);
  void count_paused(bool before, bool after);
  void update_read_size();

  MemoryLimit& limit_;
  Hooks hooks_;
  std::vector<MemoryAccount*> holders_;
  std::vector<MemoryAccount*> fresh_;
  std::optional<TimePoint> look_at_all_at_;
  Passing passing_;
  std::size_t next_to_pass_ = 0;  // where choose_passing() begins
  std::size_t paused_count_ = 0;
  std::size_t read_size_ = MemoryLimit::kLargestRead;
};

}  // namespace wsbridged
