// SPDX-License-Identifier: MIT
// What all streams of one loop share: the receive buffer, the list of streams to flush at the end
// of the turn, the exception on its way out, mask keys, the default TLS contexts.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include <ws/error.h>
#include <ws/event_loop.h>
#include <ws/options.h>

#include "protocol/random_source.h"

namespace ws {
struct OpeningDetails;
}

namespace ws::net {

class TimerQueue;

// A place in the loop's flush list, which is a ring with the list itself as one member.
struct FlushLink {
  FlushLink* previous = nullptr;  // nullptr: not on the list
  FlushLink* next = nullptr;
};

// Something with output to send when the turn ends. Intrusive: unlinks itself on destruction.
class Flushable : private FlushLink {
 public:
  Flushable() = default;
  virtual ~Flushable();
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;
  virtual void flush() = 0;

 private:
  friend class LoopContext;
  friend class FlushList;
};

// Something that the loop itself keeps until it is done or the loop goes.
class OwnedByLoop {
 public:
  OwnedByLoop() = default;
  virtual ~OwnedByLoop() = default;
  OwnedByLoop(const OwnedByLoop&) = delete;
  OwnedByLoop& operator=(const OwnedByLoop&) = delete;
};

// Not thread-safe but for post() and stop().
class LoopContext {
 public:
  LoopContext();                           // owns its event_base
  explicit LoopContext(event_base* base);  // borrows it
  ~LoopContext();
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  // 256 KiB, or what set_read_size() says; shared by every stream: its content is valid until the
  // handler returns.
  [[nodiscard]] std::span<std::byte> receive_buffer();
  void set_read_size(std::size_t bytes);
  // Flushes `item` once, after all callbacks of this turn (or in the next, when the loop is not
  // turning, or when a flush asks for it).
  void flush_at_end_of_turn(Flushable& item);

  // Runs `body` for a libevent trampoline: what it throws is kept (the first one), and the loop
  // broken.
  template <typename Body>
  void guard(Body&& body) noexcept {
    ++guards_;
    time_is_known_ = false;
    try {
      body();
    } catch (...) {
      keep_exception(std::current_exception());
    }
    --guards_;
    time_is_known_ = false;
  }

  void keep_exception(std::exception_ptr exception) noexcept;

  // Random bytes from a pool of RAND_bytes, fresh ones at each call.
  [[nodiscard]] protocol::RandomSource& random();
  [[nodiscard]] const std::shared_ptr<Resolver>& resolver();
  // The context for these options, made on first use and kept while somebody holds it.
  [[nodiscard]] Result<std::shared_ptr<const TlsContext>> tls_context(const TlsOptions& options);

  // Keeps `item` until disown() or until the loop is destroyed, which destroys it.
  void own(std::unique_ptr<OwnedByLoop> item);
  void disown(const OwnedByLoop& item);
  [[nodiscard]] std::size_t owned_count() const;

  [[nodiscard]] TimerQueue& timers() noexcept;

  [[nodiscard]] event_base* base() const noexcept;
  // Read once per guarded callback.
  [[nodiscard]] EventLoop::Clock::time_point now() const;

  // Where openings of this loop note what they meet; nullptr: nowhere.
  [[nodiscard]] OpeningDetails* opening_details() const { return opening_details_.get(); }

  void watch_openings(std::shared_ptr<OpeningDetails> details) {
    opening_details_ = std::move(details);
  }

  // Behind EventLoop's functions of the same names.
  void run();
  void stop();
  void post(std::function<void()> task);
  void rethrow_pending();
  void use_resolver(std::shared_ptr<Resolver> resolver);

 private:
  struct Impl;

  std::unique_ptr<Impl> impl_;
  std::shared_ptr<OpeningDetails> opening_details_;
  int guards_ = 0;
  mutable bool time_is_known_ = false;
  mutable EventLoop::Clock::time_point time_{};
};

}  // namespace ws::net
