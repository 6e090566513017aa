// SPDX-License-Identifier: MIT
// epoll, and nothing else. A loop belongs to the thread that runs it; only wake() and stop() may be
// called from another.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "load/descriptor.h"

namespace bench {

class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_ready() = 0;
};

class Loop {
 public:
  Loop();

  // Level-triggered. `watcher` must live for as long as the loop runs: an event of the same turn
  // may still reach it after its descriptor was closed.
  void watch(int descriptor, Watcher& watcher, std::uint32_t events);
  void change(int descriptor, Watcher& watcher, std::uint32_t events);

  void on_wake(std::function<void()> callback) { callbacks_.push_back(std::move(callback)); }

  void run();
  void wake();
  void stop();

 private:
  void take_wake();
  void control(int operation, int descriptor, void* data, std::uint32_t events) const;

  Descriptor epoll_;
  Descriptor waker_;
  std::vector<std::function<void()>> callbacks_;
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace bench
