// SPDX-License-Identifier: MIT
// Tasks for a loop that may be gone by then: what callbacks hold that other threads call late.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include <ws/event_loop.h>

namespace wsbridged {

// Thread-safe. Shared by the loop's owner, who closes it before the loop ends, and those who post.
class LoopMailbox {
 public:
  explicit LoopMailbox(ws::EventLoop& loop) : loop_(&loop) {}

  // As EventLoop::post(); nothing once it is closed.
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) {
      loop_->post(std::move(task));
    }
  }

  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  ws::EventLoop* loop_;
};

}  // namespace wsbridged
