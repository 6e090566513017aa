// SPDX-License-Identifier: MIT
// The public face of a place in the loop's TimerQueue.
#include <algorithm>
#include <utility>

#include <ws/event_loop.h>

#include "net/loop_context.h"
#include "net/timer_queue.h"

namespace ws {

namespace {

// Longer ones end here: nothing of this library waits a year, and time_t must not overflow.
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

struct Timer::Impl final : net::Timed {
  Impl(EventLoop& loop, std::function<void()> on_time)
      : queue(loop.context().timers()), callback(std::move(on_time)) {}

  ~Impl() override {
    queue.stop(*this);
    if (destroyed != nullptr) {
      *destroyed = true;
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void on_time() override {
    running = false;
    // The callback may destroy the Timer, and must outlive itself.
    std::function<void()> current = std::move(callback);
    bool gone = false;
    destroyed = &gone;
    const Restore restore(*this, current, gone);
    current();
  }

  // Puts the callback back, also when it throws.
  class Restore {
   public:
    Restore(Impl& timer, std::function<void()>& callback, const bool& gone)
        : timer_(timer), callback_(callback), gone_(gone) {}

    ~Restore() {
      if (!gone_) {
        timer_.destroyed = nullptr;
        timer_.callback = std::move(callback_);
      }
    }

    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;

   private:
    Impl& timer_;
    std::function<void()>& callback_;
    const bool& gone_;
  };

  net::TimerQueue& queue;
  std::function<void()> callback;
  bool running = false;
  bool* destroyed = nullptr;  // set while the callback runs
};

Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop, std::move(callback))) {}

Timer::~Timer() = default;

void Timer::start(std::chrono::milliseconds delay) {
  impl_->running = true;
  impl_->queue.start(
      *impl_, EventLoop::Clock::now() + std::clamp(delay, std::chrono::milliseconds(0), kLongest));
}

void Timer::stop() {
  impl_->running = false;
  impl_->queue.stop(*impl_);
}

bool Timer::is_running() const {
  return impl_->running;
}

}  // namespace ws
