// SPDX-License-Identifier: MIT
// Signals as events of the main loop, and what else the process owes its surroundings at the start.
#pragma once

#include <sys/resource.h>

#include <functional>
#include <memory>

#include <ws/event_loop.h>

namespace wsbridged {

// Tells SIGTERM, SIGINT and SIGHUP, also as PID 1, and leaves them ignored; SIGPIPE is ignored from
// now on. One per process at a time (libevent's rule). Belongs to its loop's thread; the callback
// runs in a later turn and may destroy the watch.
class SignalWatch {
 public:
  SignalWatch(ws::EventLoop& loop, std::function<void(int signal)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Raises the soft limit of open descriptors to the hard one; returns the limit that is in force.
rlim_t raise_descriptor_limit();

}  // namespace wsbridged
