// SPDX-License-Identifier: MIT
#include "stdin_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

StdinLines::StdinLines(ws::EventLoop& loop, OnLine on_line, OnEnd on_end)
    : loop_(loop), on_line_(std::move(on_line)), on_end_(std::move(on_end)) {
  if (::pipe2(stop_pipe_, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  thread_ = std::thread([this] { read_lines(); });
}

StdinLines::~StdinLines() {
  *is_alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  asked_.notify_one();
  ::close(stop_pipe_[1]);
  thread_.join();
  ::close(stop_pipe_[0]);
}

void StdinLines::next() {
  {
    const std::lock_guard lock(mutex_);
    is_asked_ = true;
  }
  asked_.notify_one();
}

void StdinLines::read_lines() {
  // What is posted may run after this object has gone.
  const auto post = [this](auto&& call) {
    loop_.post([alive = is_alive_, call] {
      if (*alive) {
        call();
      }
    });
  };
  std::string line;
  while (wait_until_asked()) {
    if (!read_line(line)) {
      post([this] { on_end_(); });
      return;
    }
    post([this, line] { on_line_(line); });
  }
}

bool StdinLines::wait_until_asked() {
  std::unique_lock lock(mutex_);
  asked_.wait(lock, [this] { return is_asked_ || is_stopping_; });
  is_asked_ = false;
  return !is_stopping_;
}

bool StdinLines::read_line(std::string& line) {
  std::array<char, 4096> buffer{};
  std::size_t end = 0;
  while ((end = read_ahead_.find('\n')) == std::string::npos) {
    std::array<pollfd, 2> ready{{{STDIN_FILENO, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR) {
      continue;
    }
    const ssize_t count =
        ready[1].revents != 0 ? 0 : ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count <= 0) {
      line = std::exchange(read_ahead_, {});
      return !line.empty() && ready[1].revents == 0;
    }
    read_ahead_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  line = read_ahead_.substr(0, end);
  read_ahead_.erase(0, end + 1);
  return true;
}
