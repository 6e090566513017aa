// SPDX-License-Identifier: MIT
#include <utility>

#include <ws/event_loop.h>
#include <ws/opening_details.h>

#include "net/loop_context.h"

namespace ws {

EventLoop::EventLoop() : context_(std::make_unique<net::LoopContext>()) {}

EventLoop::EventLoop(event_base* base) : context_(std::make_unique<net::LoopContext>(base)) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  context_->run();
}

void EventLoop::stop() {
  context_->stop();
}

void EventLoop::rethrow_pending() {
  context_->rethrow_pending();
}

void EventLoop::post(std::function<void()> task) {
  context_->post(std::move(task));
}

EventLoop::Clock::time_point EventLoop::now() const {
  return context_->now();
}

void EventLoop::set_read_size(std::size_t bytes) {
  context_->set_read_size(bytes);
}

void EventLoop::use_resolver(std::shared_ptr<Resolver> resolver) {
  context_->use_resolver(std::move(resolver));
}

event_base* EventLoop::base() const noexcept {
  return context_->base();
}

void watch_openings(EventLoop& loop, std::shared_ptr<OpeningDetails> details) {
  loop.context().watch_openings(std::move(details));
}

}  // namespace ws
