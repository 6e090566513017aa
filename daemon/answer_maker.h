// SPDX-License-Identifier: MIT
// A thread on which the admin listener's long answers are written: thousands of sessions take a
// good part of a second, in which its own thread can still say that the program is well.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace wsbridged {

// Thread-safe but for the destructor. The thread begins with the first task.
class AnswerMaker {
 public:
  AnswerMaker() = default;
  // Waits for the task under way; those behind it are dropped.
  ~AnswerMaker();
  AnswerMaker(const AnswerMaker&) = delete;
  AnswerMaker& operator=(const AnswerMaker&) = delete;

  // In the order of the calls. It must not throw. Where the system has no thread for it, it is run
  // at once: a late answer to the others is better than none.
  void run(std::function<void()> task);

 private:
  [[nodiscard]] bool start_thread();
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;  // as many as there are SharedAnswers
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace wsbridged
