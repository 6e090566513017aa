// SPDX-License-Identifier: MIT
#include "daemon/answer_maker.h"

#include <system_error>
#include <utility>

namespace wsbridged {

AnswerMaker::~AnswerMaker() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void AnswerMaker::run(std::function<void()> task) {
  if (!start_thread()) {
    task();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

bool AnswerMaker::start_thread() {
  const std::lock_guard lock(mutex_);
  try {
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { work(); });
    }
  } catch (const std::system_error&) {  // EAGAIN: the next task tries again
    return false;
  }
  return true;
}

void AnswerMaker::work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_ending_ || !tasks_.empty(); });
      if (is_ending_) {
        return;
      }
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace wsbridged
