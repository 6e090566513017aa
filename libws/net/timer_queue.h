// SPDX-License-Identifier: MIT
// All timers of a loop behind one libevent event: a timer of libevent's own takes 150 bytes, and
// each WebSocket has one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/event_handle.h"

namespace ws::net {

class LoopContext;

// What waits for its time in a queue, which it must leave before it is destroyed.
class Timed {
 public:
  Timed() = default;
  virtual ~Timed() = default;
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

  // It has left the queue. May do anything, also destroy itself or throw.
  virtual void on_time() = 0;

 private:
  friend class TimerQueue;
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  std::chrono::steady_clock::time_point due_{};
  std::uint32_t place_ = kNowhere;  // in the queue's heap
};

// A heap, the earliest first. Nothing is called before its time: libevent counts from the beginning
// of the turn, and reads a clock that is up to 4 ms behind.
class TimerQueue {
 public:
  using Clock = std::chrono::steady_clock;

  // Both must outlive it.
  TimerQueue(LoopContext& context, event_base* base);

  // Calls `timed` once at `due`, in a later turn, and forgets an earlier start.
  void start(Timed& timed, Clock::time_point due);
  void stop(Timed& timed);

 private:
  static void on_event(evutil_socket_t descriptor, short what, void* self) noexcept;
  void fire() noexcept;
  void arm();
  void leave(Timed& timed);
  void place(Timed& timed, std::size_t at);
  void move_up(Timed& timed);
  void move_down(Timed& timed);

  LoopContext& context_;
  event_base* base_;
  EventHandle event_;
  std::vector<Timed*> heap_;
  Clock::time_point armed_for_ = Clock::time_point::max();     // max: it is not
  Clock::time_point firing_until_ = Clock::time_point::min();  // those that were due by then
};

}  // namespace ws::net
