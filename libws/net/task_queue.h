// SPDX-License-Identifier: MIT
// The one way into a loop from other threads: tasks and the wish to stop, behind a mutex and an
// eventfd, so that libevent needs no locks of its own.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>

namespace ws::net {

// Thread-safe but for take(), descriptor() and the destructor. It has no limit: who posts must
// bound what it posts.
class TaskQueue {
 public:
  using Task = std::function<void()>;

  // Throws std::runtime_error when the system gives no eventfd.
  TaskQueue();
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  void post(Task task);
  void ask_to_stop();

  // Was stopping asked for since the last call?
  [[nodiscard]] bool take_stop() noexcept { return stop_.exchange(false); }

  // Readable while something waits that take() has not seen.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  // Clears the descriptor and moves all tasks to the end of `tasks`.
  void take(std::deque<Task>& tasks);
  [[nodiscard]] bool empty() const;

 private:
  void signal() const noexcept;

  int descriptor_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::deque<Task> tasks_;
};

}  // namespace ws::net
