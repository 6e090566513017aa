// SPDX-License-Identifier: MIT
// The loop that everything of libws runs on, over libevent: its own event_base or the caller's.
//
// Callback law, kept by every class of this library:
// - no callback is invoked from inside a constructor, send() or any other call that causes it;
// - none is invoked after the object was destroyed;
// - a callback may call anything on its object, replace callbacks, throw, or destroy the object;
// - exceptions never cross libevent: the first is kept, the loop is left, run() throws it again.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include <ws/export.h>

struct event_base;

namespace ws {

class Resolver;

namespace net {
class LoopContext;
}

/// One thread per loop. Only post() and stop() may be called from another thread. Everything that
/// was made on a loop must be destroyed before it.
class WS_EXPORT EventLoop {
 public:
  /// The clock of now(): monotonic.
  using Clock = std::chrono::steady_clock;

  /// A loop with an event_base of its own. Throws std::runtime_error when the system gives none.
  EventLoop();
  /// A loop on the caller's event_base, which must outlive it and is run by the caller (or by
  /// run()). An exception out of a callback breaks the base's loop; rethrow_pending() then throws
  /// it.
  explicit EventLoop(event_base* base);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs until stop(), or until nothing is left to wait for. Rethrows what a callback threw, and
  /// throws ws::Exception for an error that no on_error callback took. May be called again after
  /// either.
  void run();
  /// Leaves run() after the current turn. Thread-safe. Before run() it makes the next run() return
  /// at once.
  void stop();
  /// Throws what a callback threw, or the error that none took, if there is such a thing: for
  /// whoever runs the event_base himself, after each return of event_base_loop().
  void rethrow_pending();

  /// Calls `task` on the loop's thread, in a later turn, in the order of the posts. Thread-safe.
  /// Tasks that are still waiting when the loop is destroyed are dropped.
  void post(std::function<void()> task);

  /// The time when this turn began, monotonic: cheap enough to ask for at every event.
  [[nodiscard]] Clock::time_point now() const;

  /// The most that a stream on this loop receives at a time, from 1 KiB to 256 KiB, the default.
  /// Less of it bounds what is received before a pause, when there are many streams.
  void set_read_size(std::size_t bytes);

  /// Shares name resolution with other loops: by default each loop has its own Resolver on first
  /// use.
  void use_resolver(std::shared_ptr<Resolver> resolver);

  /// The event_base it runs on, its own or the caller's.
  [[nodiscard]] event_base* base() const noexcept;

  /// For the other rooms of the library.
  [[nodiscard]] net::LoopContext& context() noexcept { return *context_; }

 private:
  std::unique_ptr<net::LoopContext> context_;
};

/// Name resolution on a few threads (four), started when first needed, for any number of loops.
/// Equal names asked for at the same time share one look-up. Thread-safe.
WS_EXPORT std::shared_ptr<Resolver> make_resolver();

/// Calls its callback once, `delay` after start(). Restartable; destroying or stopping it cancels.
/// Belongs to its loop's thread. The callback may destroy the Timer.
class WS_EXPORT Timer {
 public:
  /// A stopped timer. `loop` must outlive it.
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls the callback `delay` from now, and forgets an earlier start().
  void start(std::chrono::milliseconds delay);
  /// No call until the next start().
  void stop();
  /// Started, and neither fired nor stopped since?
  [[nodiscard]] bool is_running() const;

 private:
  struct WS_HIDDEN Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws
