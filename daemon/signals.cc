// SPDX-License-Identifier: MIT
#include "daemon/signals.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <new>
#include <utility>

#include <event2/event.h>

#include "daemon/event_ptr.h"

namespace wsbridged {
namespace {

constexpr std::array kWatched{SIGTERM, SIGINT, SIGHUP};

}  // namespace

struct SignalWatch::State {
  ws::EventLoop& loop;
  std::function<void(int)> on_signal;
  std::weak_ptr<State> self{};
  std::array<EventPtr, kWatched.size()> events{};

  // A signal's event may not be freed from inside its own callback (libevent issue 1287), so the
  // owner is told in a later turn.
  static void on_event(evutil_socket_t signal, short /*what*/, void* state) noexcept {
    auto& watch = *static_cast<State*>(state);
    watch.loop.post([weak = watch.self, number = static_cast<int>(signal)] {
      if (const auto kept = weak.lock()) {
        kept->on_signal(number);
      }
    });
  }
};

namespace {

// Ignored is what libevent goes back to when the watch ends: a signal during the last steps of a
// stop must not kill the process. Blocked meanwhile, so that none is lost between the two settings.
class IgnoredUntilWatched {
 public:
  IgnoredUntilWatched() {
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal : kWatched) {
      sigaddset(&watched, signal);
    }
    pthread_sigmask(SIG_BLOCK, &watched, &before_);
    for (const int signal : kWatched) {
      static_cast<void>(std::signal(signal, SIG_IGN));
    }
  }

  ~IgnoredUntilWatched() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  IgnoredUntilWatched(const IgnoredUntilWatched&) = delete;
  IgnoredUntilWatched& operator=(const IgnoredUntilWatched&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

SignalWatch::SignalWatch(ws::EventLoop& loop, std::function<void(int)> on_signal)
    : state_(std::make_shared<State>(State{loop, std::move(on_signal)})) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  state_->self = state_;
  const IgnoredUntilWatched gap;
  for (std::size_t i = 0; i < kWatched.size(); ++i) {
    state_->events[i].reset(evsignal_new(loop.base(), kWatched[i], State::on_event, state_.get()));
    if (state_->events[i] == nullptr || event_add(state_->events[i].get(), nullptr) != 0) {
      throw std::bad_alloc();
    }
  }
}

SignalWatch::~SignalWatch() {
  // Before a task that holds the state can outlive the loop.
  state_->events = {};
}

rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace wsbridged
