// SPDX-License-Identifier: MIT
#include "net/task_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ws::net {

TaskQueue::TaskQueue() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw std::runtime_error("eventfd: " + std::system_category().message(errno));
  }
}

TaskQueue::~TaskQueue() {
  close(descriptor_);
}

void TaskQueue::post(Task task) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (was_empty) {
    signal();
  }
}

void TaskQueue::ask_to_stop() {
  stop_ = true;
  signal();
}

void TaskQueue::take(std::deque<Task>& tasks) {
  std::uint64_t count = 0;
  // Before the tasks are taken: a signal that comes in between then wakes the loop once too often,
  // and not once too seldom. The result is no news: EAGAIN means nobody signalled.
  [[maybe_unused]] const ssize_t size = read(descriptor_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  tasks.insert(tasks.end(), std::make_move_iterator(tasks_.begin()),
               std::make_move_iterator(tasks_.end()));
  tasks_.clear();
}

bool TaskQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return tasks_.empty();
}

void TaskQueue::signal() const noexcept {
  const std::uint64_t one = 1;
  // It can only fail with EAGAIN, when the counter is full: then the loop wakes up anyway.
  [[maybe_unused]] const ssize_t size = write(descriptor_, &one, sizeof one);
}

}  // namespace ws::net
