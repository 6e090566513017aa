// SPDX-License-Identifier: MIT
// Lines of standard input on a loop, whatever that is: a terminal, a pipe, or a file, which no
// event_base can wait for.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <ws/event_loop.h>

// Reads on a thread of its own and calls back on the loop's: shows how EventLoop::post() is used. A
// line is read when the one before was asked for, so at most one waits.
class StdinLines {
 public:
  using OnLine = std::function<void(std::string line)>;
  using OnEnd = std::function<void()>;

  // Nothing is read before the first call of next().
  StdinLines(ws::EventLoop& loop, OnLine on_line, OnEnd on_end);
  ~StdinLines();
  StdinLines(const StdinLines&) = delete;
  StdinLines& operator=(const StdinLines&) = delete;

  // Asks for one more line.
  void next();

 private:
  void read_lines();
  // False: the object is going.
  [[nodiscard]] bool wait_until_asked();
  // False: the end, or the object is going.
  [[nodiscard]] bool read_line(std::string& line);

  ws::EventLoop& loop_;
  OnLine on_line_;
  OnEnd on_end_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // touched by the loop's thread
  int stop_pipe_[2] = {-1, -1};  // closing its second end wakes the thread
  std::string read_ahead_;
  std::mutex mutex_;
  std::condition_variable asked_;
  bool is_asked_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};
