// SPDX-License-Identifier: MIT
// The loop over libevent: when tasks, flushes and exceptions leave the turn they arose in.
#include "net/loop_context.h"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/event_handle.h"
#include "net/flush_list.h"
#include "net/random_pool.h"
#include "net/task_queue.h"
#include "net/timer_queue.h"

namespace ws::net {

namespace {

constexpr std::size_t kReceiveBufferSize = std::size_t{256} << 10;
constexpr std::size_t kSmallestRead = std::size_t{1} << 10;

struct ConfigDeleter {
  void operator()(event_config* pointer) const noexcept { event_config_free(pointer); }
};

// One thread per loop: no locks. The environment must not choose another backend, since only epoll
// reports hang-ups (EV_CLOSED).
EventBaseHandle make_base() {
  const std::unique_ptr<event_config, ConfigDeleter> config(event_config_new());
  if (config == nullptr ||
      event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) !=
          0) {
    throw std::runtime_error("libevent: no configuration");
  }
  EventBaseHandle base(event_base_new_with_config(config.get()));
  if (!base) {
    throw std::runtime_error("libevent: no event base");
  }
  return base;
}

}  // namespace

struct LoopContext::Impl {
  Impl(LoopContext& self, EventBaseHandle own_base, event_base* any_base);

  static void on_wake(evutil_socket_t /*descriptor*/, short /*what*/, void* self) noexcept;
  static void on_flush(evutil_socket_t /*descriptor*/, short /*what*/, void* self) noexcept;
  void run_tasks();
  void flush_all();
  void schedule_flush();

  [[nodiscard]] bool has_tasks() const { return !running.empty() || !queue.empty(); }

  LoopContext& context;
  EventBaseHandle owned;  // empty when borrowed
  event_base* base;
  TaskQueue queue;
  std::deque<TaskQueue::Task> running;  // taken from the queue, not yet run
  EventHandle wake;
  EventHandle flush;
  TimerQueue timers;
  FlushList to_flush;
  bool flush_is_scheduled = false;
  bool flushing = false;
  std::exception_ptr exception;
  std::unique_ptr<std::byte[]> receive_buffer;
  std::size_t read_size = kReceiveBufferSize;
  RandomPool random;
  std::shared_ptr<Resolver> resolver;
  std::vector<std::pair<TlsOptions, std::weak_ptr<const TlsContext>>> tls_contexts;
  std::unordered_map<const OwnedByLoop*, std::unique_ptr<OwnedByLoop>> owned_items;
};

LoopContext::Impl::Impl(LoopContext& self, EventBaseHandle own_base, event_base* any_base)
    : context(self),
      owned(std::move(own_base)),
      base(any_base),
      wake(make_event(base, queue.descriptor(), EV_READ | EV_PERSIST, on_wake, this)),
      flush(make_event(base, -1, 0, on_flush, this)),
      timers(self, base) {
  // Waiting for posts must not keep run() from returning when nothing else is left, so the event
  // is not counted, as libevent's own notification is not.
  wake->ev_evcallback.evcb_flags |= EVLIST_INTERNAL;
  if (event_add(wake.get(), nullptr) != 0) {
    throw std::runtime_error("libevent: cannot watch an eventfd");
  }
}

void LoopContext::Impl::on_wake(evutil_socket_t /*descriptor*/, short /*what*/,
                                void* self) noexcept {
  static_cast<Impl*>(self)->run_tasks();
}

void LoopContext::Impl::on_flush(evutil_socket_t /*descriptor*/, short /*what*/,
                                 void* self) noexcept {
  static_cast<Impl*>(self)->flush_all();
}

// Runs what was posted before this turn; what these tasks post comes in a later one.
void LoopContext::Impl::run_tasks() {
  context.guard([this] {
    queue.take(running);
    for (std::size_t left = running.size(); left > 0; --left) {
      const TaskQueue::Task task = std::move(running.front());
      running.pop_front();
      task();
    }
  });
  if (!running.empty()) {  // one threw: the others come when the loop runs again
    event_active(wake.get(), EV_READ, 0);
  }
  // Even with nothing to flush: that event is the last of the turn, where stop() takes effect.
  schedule_flush();
}

void LoopContext::Impl::flush_all() {
  FlushList batch;
  batch.take_all(to_flush);
  flush_is_scheduled = false;
  flushing = true;
  while (Flushable* item = batch.take_first()) {
    context.guard([item] { item->flush(); });
  }
  flushing = false;
  if (!to_flush.empty()) {
    // Not event_active(): it would run in this turn again, and two streams that feed each other
    // would keep all others from being served.
    constexpr timeval next_turn{0, 0};
    flush_is_scheduled = event_add(flush.get(), &next_turn) == 0;
  }
  if (queue.take_stop()) {
    event_base_loopbreak(base);
  }
}

void LoopContext::Impl::schedule_flush() {
  if (!flush_is_scheduled && !flushing) {
    flush_is_scheduled = true;
    // Goes behind everything that is active already, and needs no wait in between.
    event_active(flush.get(), 0, 0);
  }
}

LoopContext::LoopContext() {
  EventBaseHandle base = make_base();
  event_base* const pointer = base.get();
  impl_ = std::make_unique<Impl>(*this, std::move(base), pointer);
}

LoopContext::LoopContext(event_base* base) : impl_(std::make_unique<Impl>(*this, nullptr, base)) {}

LoopContext::~LoopContext() {
  // While all the rest is still there, since these may hold streams and timers.
  impl_->owned_items.clear();
  impl_->running.clear();
  std::deque<TaskQueue::Task> dropped;
  impl_->queue.take(dropped);
}

TimerQueue& LoopContext::timers() noexcept {
  return impl_->timers;
}

std::span<std::byte> LoopContext::receive_buffer() {
  if (!impl_->receive_buffer) {
    impl_->receive_buffer = std::make_unique_for_overwrite<std::byte[]>(kReceiveBufferSize);
  }
  return {impl_->receive_buffer.get(), impl_->read_size};
}

void LoopContext::set_read_size(std::size_t bytes) {
  impl_->read_size = std::clamp(bytes, kSmallestRead, kReceiveBufferSize);
}

void LoopContext::flush_at_end_of_turn(Flushable& item) {
  impl_->to_flush.add(item);
  impl_->schedule_flush();
}

void LoopContext::keep_exception(std::exception_ptr exception) noexcept {
  if (!impl_->exception) {
    impl_->exception = std::move(exception);
  }
  event_base_loopbreak(impl_->base);
}

protocol::RandomSource& LoopContext::random() {
  return impl_->random;
}

const std::shared_ptr<Resolver>& LoopContext::resolver() {
  if (!impl_->resolver) {
    impl_->resolver = make_resolver();
  }
  return impl_->resolver;
}

void LoopContext::use_resolver(std::shared_ptr<Resolver> resolver) {
  impl_->resolver = std::move(resolver);
}

Result<std::shared_ptr<const TlsContext>> LoopContext::tls_context(const TlsOptions& options) {
  TlsOptions key = options;
  key.server_name.clear();  // of a connection, not of the context
  auto& known = impl_->tls_contexts;
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&key](const auto& entry) { return entry.first == key; });
  if (found != known.end()) {
    return found->second.lock();
  }
  auto made = make_tls_context(key);
  if (made) {
    known.emplace_back(key, made.value());
  }
  return made;
}

void LoopContext::own(std::unique_ptr<OwnedByLoop> item) {
  const OwnedByLoop* const key = item.get();
  impl_->owned_items.emplace(key, std::move(item));
}

void LoopContext::disown(const OwnedByLoop& item) {
  // Out of the map before it is destroyed, so that its destructor may own and disown others.
  const auto node = impl_->owned_items.extract(&item);
}

std::size_t LoopContext::owned_count() const {
  return impl_->owned_items.size();
}

event_base* LoopContext::base() const noexcept {
  return impl_->base;
}

EventLoop::Clock::time_point LoopContext::now() const {
  if (guards_ == 0) {
    return EventLoop::Clock::now();
  }
  if (!time_is_known_) {
    time_ = EventLoop::Clock::now();
    time_is_known_ = true;
  }
  return time_;
}

void LoopContext::run() {
  rethrow_pending();
  if (impl_->queue.take_stop()) {
    return;
  }
  int result = 0;
  do {
    result = event_base_loop(impl_->base, 0);
    if (result == 1 && impl_->has_tasks()) {
      // Nothing left to wait for but what was posted meanwhile.
      event_active(impl_->wake.get(), EV_READ, 0);
    }
  } while (result == 1 && impl_->has_tasks());
  rethrow_pending();
  if (result < 0) {
    throw std::runtime_error("libevent: the loop failed");
  }
}

void LoopContext::stop() {
  impl_->queue.ask_to_stop();
}

void LoopContext::post(std::function<void()> task) {
  impl_->queue.post(std::move(task));
}

void LoopContext::rethrow_pending() {
  if (impl_->exception) {
    std::rethrow_exception(std::exchange(impl_->exception, nullptr));
  }
}

}  // namespace ws::net
