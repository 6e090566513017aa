// SPDX-License-Identifier: MIT
// Whether all loops of the process turn, judged from answers: the logic behind the watchdog. Pure:
// no clock, loop or thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace wsbridged {

// The main loop begins rounds; each worker answers from its own loop. The watchdog is fed at the
// end of a round, when main and every worker have turned since its beginning. One round is under
// way at a time: a loop that does not turn holds it, and so keeps the watchdog hungry.
class TurnRounds {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TurnRounds(std::size_t worker_count) : has_answered_(worker_count, true) {}

  // True when a round begins and every worker is to be asked; false when one is still under way.
  [[nodiscard]] bool begin(Clock::time_point now) {
    if (waiting_ > 0) {
      return false;
    }
    began_ = now;
    waiting_ = has_answered_.size();
    has_answered_.assign(has_answered_.size(), false);
    return true;
  }

  // True when all have turned with this answer. Without workers begin() alone says so.
  [[nodiscard]] bool answer(std::size_t worker) {
    if (has_answered_[worker]) {
      return false;
    }
    has_answered_[worker] = true;
    return --waiting_ == 0;
  }

  [[nodiscard]] bool is_complete() const { return waiting_ == 0; }

  // How long the round under way has been waiting; zero when none is.
  [[nodiscard]] Clock::duration waited(Clock::time_point now) const {
    return waiting_ == 0 ? Clock::duration::zero() : now - began_;
  }

  // Those that have not answered in the round under way.
  [[nodiscard]] std::vector<std::size_t> silent_workers() const {
    std::vector<std::size_t> silent;
    for (std::size_t i = 0; i < has_answered_.size(); ++i) {
      if (!has_answered_[i]) {
        silent.push_back(i);
      }
    }
    return silent;
  }

 private:
  std::vector<bool> has_answered_;
  std::size_t waiting_ = 0;
  Clock::time_point began_{};
};

}  // namespace wsbridged
