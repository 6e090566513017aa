// SPDX-License-Identifier: MIT
// Timers on libevent's heap, kept from firing early: libevent counts from the beginning of the turn
// and reads a clock that is up to 4 ms behind.
#include <algorithm>
#include <utility>

#include <event2/event.h>

#include <ws/event_loop.h>

#include "net/event_handle.h"
#include "net/loop_context.h"

namespace ws {

namespace {

// Longer ones end here: nothing of this library waits a year, and time_t must not overflow.
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

timeval to_timeval(std::chrono::microseconds duration) {
  constexpr auto second = std::chrono::microseconds(std::chrono::seconds(1)).count();
  return {duration.count() / second, duration.count() % second};
}

}  // namespace

struct Timer::Impl {
  Impl(EventLoop& loop, std::function<void()> on_time)
      : context(loop.context()),
        callback(std::move(on_time)),
        timer(net::make_event(context.base(), -1, 0, on_event, this)) {}

  ~Impl() {
    if (destroyed != nullptr) {
      *destroyed = true;
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static void on_event(evutil_socket_t /*descriptor*/, short /*what*/, void* self) noexcept {
    auto& impl = *static_cast<Impl*>(self);
    impl.context.guard([&impl] { impl.fire(); });
  }

  void wait() {
    const auto left = std::chrono::ceil<std::chrono::microseconds>(due - EventLoop::Clock::now());
    const timeval delay = to_timeval(std::max(left, std::chrono::microseconds(0)));
    event_add(timer.get(), &delay);
  }

  void fire() {
    if (context.now() < due) {
      wait();
      return;
    }
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

  net::LoopContext& context;
  std::function<void()> callback;
  net::EventHandle timer;
  EventLoop::Clock::time_point due{};
  bool running = false;
  bool* destroyed = nullptr;  // set while the callback runs
};

Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop, std::move(callback))) {}

Timer::~Timer() = default;

void Timer::start(std::chrono::milliseconds delay) {
  impl_->due = EventLoop::Clock::now() + std::clamp(delay, std::chrono::milliseconds(0), kLongest);
  impl_->running = true;
  impl_->wait();
}

void Timer::stop() {
  impl_->running = false;
  event_del(impl_->timer.get());
}

bool Timer::is_running() const {
  return impl_->running;
}

}  // namespace ws
