// SPDX-License-Identifier: MIT
// A program that speaks lines and must not notice that its server dies: sends counted lines, or
// takes them, tells in a file how far it has come, and says how its one connection ended. It knows
// nothing of WebSockets.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>
#include <vector>

#include "counted_lines.h"
#include "line_program.h"

namespace {

// The first is line 1.
void make_line(std::uint64_t index, std::string& line) {
  peers::make_counted_line(index + 1, line);
}

// Takes each line once, in order; what was taken before is only counted.
class Taker {
 public:
  // False when a line is damaged, or one is missing before it.
  bool receive(std::string_view bytes) {
    partial_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = partial_.find('\n'); end != std::string::npos;
         end = partial_.find('\n', begin)) {
      if (!take(std::string_view(partial_).substr(begin, end - begin))) {
        return false;
      }
      begin = end + 1;
    }
    partial_.erase(0, begin);
    return true;
  }

  [[nodiscard]] std::uint64_t last() const { return last_; }

  [[nodiscard]] std::uint64_t repeat_count() const { return repeats_; }

  [[nodiscard]] bool has_partial_line() const { return !partial_.empty(); }

 private:
  bool take(std::string_view line) {
    const auto number = reader_.number_of(line);
    if (!number || *number > last_ + 1) {
      return false;
    }
    repeats_ += *number <= last_ ? 1 : 0;
    last_ = std::max(last_, *number);
    return true;
  }

  peers::CountedLineReader reader_;
  std::string partial_;
  std::uint64_t last_ = 0;
  std::uint64_t repeats_ = 0;
};

// Replaces the file, so that whoever reads it sees the number of before or that of now.
void write_progress(const std::string& path, std::uint64_t last) {
  const std::string next = path + ".next";
  std::FILE* const file = std::fopen(next.c_str(), "w");
  if (file == nullptr || std::fprintf(file, "%llu\n", static_cast<unsigned long long>(last)) < 0 ||
      std::fclose(file) != 0 || std::rename(next.c_str(), path.c_str()) != 0) {
    peers::fail("progress");
  }
}

class Exchange {
 public:
  Exchange(int descriptor, const peers::Arguments& arguments)
      : descriptor_(descriptor),
        sender_(arguments.number("send"), make_line),
        progress_(arguments.text("progress")),
        slow_every_(arguments.number("slow-every")),
        slow_pause_(arguments.number("slow-ms")),
        stays_(arguments.has("receive")) {}

  // How it ended: "eof", "reset", or what was wrong.
  std::string run() {
    while (true) {
      if (sender_.is_done() && !is_shut_down_ && !stays_) {
        shutdown(descriptor_, SHUT_WR);
        is_shut_down_ = true;
      }
      const bool is_sending = !sender_.is_done();
      pollfd waiting{descriptor_, static_cast<short>(is_sending ? POLLIN | POLLOUT : POLLIN), 0};
      poll(&waiting, 1, -1);
      if (is_sending && (waiting.revents & POLLOUT) != 0) {
        sender_.send_some(descriptor_);
      }
      if ((waiting.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        if (std::string end = receive_some(); !end.empty()) {
          return end;
        }
      }
    }
  }

  void print(const std::string& end) const {
    std::cout << R"({"ok": )" << (end == "eof" ? "true" : "false") << R"(, "end": ")" << end
              << R"(", "sent": )" << sender_.line_count() << R"(, "received": )" << taker_.last()
              << R"(, "repeats": )" << taker_.repeat_count() << '}' << std::endl;
  }

 private:
  std::string receive_some() {
    const ssize_t size = recv(descriptor_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size == 0) {
      return taker_.has_partial_line() ? "eof within a line" : "eof";
    }
    if (size < 0) {
      return errno == EAGAIN ? "" : "reset";
    }
    if (!taker_.receive({buffer_.data(), static_cast<std::size_t>(size)})) {
      return "a line is missing or damaged behind " + std::to_string(taker_.last());
    }
    if (!progress_.empty()) {
      write_progress(progress_, taker_.last());
    }
    if (slow_every_ != 0 && taker_.last() >= next_pause_) {
      next_pause_ = taker_.last() + slow_every_;
      std::this_thread::sleep_for(std::chrono::milliseconds(slow_pause_));
    }
    return "";
  }

  int descriptor_;
  peers::LineSender<decltype(&make_line)> sender_;
  Taker taker_;
  std::string progress_;
  std::uint64_t slow_every_;
  std::uint64_t slow_pause_;
  std::uint64_t next_pause_ = 0;
  bool stays_;  // the end is the other side's
  bool is_shut_down_ = false;
  std::vector<char> buffer_ = std::vector<char>(peers::kReadSize);
};

}  // namespace

// counted_client tcp=PORT | unix=PATH [send=COUNT] [receive [progress=FILE]] [slow-every=LINES
// slow-ms=MS]
int main(int argc, char** argv) {
  const peers::Arguments arguments(argc, argv);
  const int descriptor = peers::connect_to(arguments);
  Exchange exchange(descriptor, arguments);
  const std::string end = exchange.run();
  exchange.print(end);
  close(descriptor);
  return end == "eof" ? 0 : 1;
}
