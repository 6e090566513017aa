// SPDX-License-Identifier: MIT
#include "net/timer_queue.h"

#include <algorithm>

#include <event2/event.h>

#include "net/loop_context.h"

namespace ws::net {

namespace {

timeval to_timeval(std::chrono::microseconds duration) {
  constexpr auto second = std::chrono::microseconds(std::chrono::seconds(1)).count();
  return {duration.count() / second, duration.count() % second};
}

}  // namespace

TimerQueue::TimerQueue(LoopContext& context, event_base* base)
    : context_(context), base_(base), event_(make_event(base, -1, 0, on_event, this)) {}

void TimerQueue::start(Timed& timed, Clock::time_point due) {
  if (timed.place_ == Timed::kNowhere) {
    heap_.push_back(&timed);
    timed.place_ = static_cast<std::uint32_t>(heap_.size() - 1);
  }
  // Not in this round any more.
  timed.due_ = std::max(due, firing_until_ + Clock::duration(1));
  move_up(timed);
  move_down(timed);
  arm();
}

void TimerQueue::stop(Timed& timed) {
  if (timed.place_ != Timed::kNowhere) {
    leave(timed);
    arm();
  }
}

void TimerQueue::on_event(evutil_socket_t /*descriptor*/, short /*what*/, void* self) noexcept {
  static_cast<TimerQueue*>(self)->fire();
}

void TimerQueue::fire() noexcept {
  armed_for_ = Clock::time_point::max();
  firing_until_ = Clock::now();
  // Behind one that threw, or stopped the loop, the others wait until it runs again.
  while (!heap_.empty() && heap_.front()->due_ <= firing_until_ &&
         event_base_got_break(base_) == 0) {
    Timed& timed = *heap_.front();
    leave(timed);
    context_.guard([&timed] { timed.on_time(); });
  }
  firing_until_ = Clock::time_point::min();
  arm();
}

// Too early does no harm, so it is touched only when something is due before that, and when nothing
// is left: the event would keep run() from returning.
void TimerQueue::arm() {
  if (firing_until_ != Clock::time_point::min()) {
    return;  // fire() does it once
  }
  if (heap_.empty()) {
    if (armed_for_ != Clock::time_point::max()) {
      event_del(event_.get());
      armed_for_ = Clock::time_point::max();
    }
    return;
  }
  if (heap_.front()->due_ >= armed_for_) {
    return;
  }
  armed_for_ = heap_.front()->due_;
  const auto left = std::chrono::ceil<std::chrono::microseconds>(armed_for_ - Clock::now());
  const timeval delay = to_timeval(std::max(left, std::chrono::microseconds(0)));
  event_add(event_.get(), &delay);
}

void TimerQueue::leave(Timed& timed) {
  Timed& last = *heap_.back();
  const std::size_t at = timed.place_;
  heap_.pop_back();
  timed.place_ = Timed::kNowhere;
  if (&last != &timed) {
    place(last, at);
    move_up(last);
    move_down(last);
  }
}

void TimerQueue::place(Timed& timed, std::size_t at) {
  heap_[at] = &timed;
  timed.place_ = static_cast<std::uint32_t>(at);
}

void TimerQueue::move_up(Timed& timed) {
  std::size_t at = timed.place_;
  while (at > 0 && timed.due_ < heap_[(at - 1) / 2]->due_) {
    place(*heap_[(at - 1) / 2], at);
    at = (at - 1) / 2;
  }
  place(timed, at);
}

void TimerQueue::move_down(Timed& timed) {
  std::size_t at = timed.place_;
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) {
      ++child;
    }
    if (timed.due_ <= heap_[child]->due_) {
      break;
    }
    place(*heap_[child], at);
    at = child;
  }
  place(timed, at);
}

}  // namespace ws::net
