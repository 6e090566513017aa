// SPDX-License-Identifier: MIT
// Tasks for a loop that may be gone by then: what callbacks hold that other threads call late.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <ws/event_loop.h>

namespace wsbridged {

// Thread-safe. Shared by the loop's owner, who closes it before the loop ends, and those who post.
class LoopMailbox {
 public:
  explicit LoopMailbox(ws::EventLoop& loop) : loop_(&loop) {}

  // As EventLoop::post(); once it is closed, nothing is posted, and what was posted is not run.
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) {
      loop_->post([is_open = is_open_, task = std::move(task)] {
        if (*is_open) {
          task();
        }
      });
    }
  }

  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
    *is_open_ = false;
  }

 private:
  std::mutex mutex_;
  ws::EventLoop* loop_;
  std::shared_ptr<std::atomic<bool>> is_open_ = std::make_shared<std::atomic<bool>>(true);
};

}  // namespace wsbridged
