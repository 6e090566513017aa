// SPDX-License-Identifier: MIT
// Tells when nothing happened for a while (session.idle_timeout). touch() costs one reading of the
// clock; the timer itself is set again only when it fires.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include <ws/event_loop.h>

namespace wsbridged {

// Belongs to its loop's thread.
class IdleWatch {
 public:
  // `on_idle` is called once, `timeout` after the last touch(); it may destroy the watch or call
  // restart().
  IdleWatch(ws::EventLoop& loop, std::chrono::milliseconds timeout, std::function<void()> on_idle)
      : loop_(loop),
        timeout_(timeout),
        on_idle_(std::move(on_idle)),
        timer_(loop, [this] { look(); }) {
    restart();
  }

  void touch() { last_ = loop_.now(); }

  void restart() {
    touch();
    timer_.start(timeout_);
  }

 private:
  void look() {
    const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - last_);
    if (silence < timeout_) {
      timer_.start(timeout_ - silence);
    } else {
      const auto on_idle = on_idle_;  // outlives the watch
      on_idle();
    }
  }

  ws::EventLoop& loop_;
  std::chrono::milliseconds timeout_;
  std::function<void()> on_idle_;
  ws::EventLoop::Clock::time_point last_;
  ws::Timer timer_;
};

}  // namespace wsbridged
