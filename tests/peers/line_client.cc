// SPDX-License-Identifier: MIT
// A program that only speaks lines: sends numbered lines over TCP or a Unix socket, checks those it
// gets back, fast or slowly, and prints one JSON object with what it saw. It knows nothing of
// WebSockets.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

#include "line_program.h"
#include "numbered_lines.h"

namespace {

using Clock = std::chrono::steady_clock;

void make_line(std::uint64_t index, std::string& line) {
  peers::make_line(index, peers::Direction::kUp, line);
}

// Checks that what arrives is exactly the lines 0, 1, 2, …
class Checker {
 public:
  // False at the first byte that is not the expected one.
  bool receive(std::string_view bytes) {
    byte_count_ += bytes.size();
    while (!bytes.empty()) {
      if (!has_expected_) {
        peers::make_line(line_count_, peers::Direction::kDown, expected_);
        expected_ += '\n';
        has_expected_ = true;
      }
      const std::size_t size = std::min(bytes.size(), expected_.size() - matched_);
      if (bytes.compare(0, size, expected_, matched_, size) != 0) {
        return false;
      }
      matched_ += size;
      bytes.remove_prefix(size);
      if (matched_ == expected_.size()) {
        ++line_count_;
        matched_ = 0;
        has_expected_ = false;
      }
    }
    return true;
  }

  [[nodiscard]] std::uint64_t line_count() const { return line_count_; }

  [[nodiscard]] std::uint64_t byte_count() const { return byte_count_; }

  [[nodiscard]] bool has_partial_line() const { return matched_ != 0; }

 private:
  std::uint64_t line_count_ = 0;
  std::uint64_t byte_count_ = 0;
  std::string expected_;
  std::size_t matched_ = 0;
  bool has_expected_ = false;
};

struct Outcome {
  const char* end = "eof";  // how the other side ended: eof, reset, or wrong bytes
  bool ok = true;
};

// One exchange: everything is sent, then the sending side is shut down; reads until the end.
class Exchange {
 public:
  Exchange(int descriptor, const peers::Arguments& arguments)
      : descriptor_(descriptor),
        sender_(arguments.number("send"), make_line),
        slow_every_(arguments.number("slow-every")),
        slow_pause_(arguments.number("slow-ms")) {}

  Outcome run() {
    std::optional<Outcome> outcome;
    while (!outcome) {
      if (sender_.is_done() && !is_shut_down_) {
        shutdown(descriptor_, SHUT_WR);
        is_shut_down_ = true;
      }
      pollfd waiting{descriptor_, static_cast<short>(is_shut_down_ ? POLLIN : POLLIN | POLLOUT), 0};
      poll(&waiting, 1, -1);
      if ((waiting.revents & POLLOUT) != 0 && !is_shut_down_) {
        sender_.send_some(descriptor_);
      }
      if ((waiting.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        outcome = receive_some();
      }
    }
    return *outcome;
  }

  void print(const Outcome& outcome, std::chrono::duration<double> time) const {
    std::cout << R"({"ok": )" << (outcome.ok ? "true" : "false") << R"(, "end": ")" << outcome.end
              << R"(", "sent": )" << sender_.line_count() << R"(, "received": )"
              << checker_.line_count() << R"(, "received_bytes": )" << checker_.byte_count()
              << R"(, "seconds": )" << time.count() << '}' << std::endl;
  }

 private:
  std::optional<Outcome> receive_some() {
    const ssize_t size = recv(descriptor_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size == 0) {
      return Outcome{"eof", !checker_.has_partial_line()};
    }
    if (size < 0) {
      return errno == EAGAIN ? std::nullopt : std::optional<Outcome>({"reset", false});
    }
    if (!checker_.receive({buffer_.data(), static_cast<std::size_t>(size)})) {
      return Outcome{"wrong bytes", false};
    }
    pause_when_slow();
    return std::nullopt;
  }

  // A slow program does nothing at all for a while: neither reading nor sending.
  void pause_when_slow() {
    if (slow_every_ != 0 && checker_.line_count() >= next_pause_) {
      next_pause_ = checker_.line_count() + slow_every_;
      std::this_thread::sleep_for(std::chrono::milliseconds(slow_pause_));
    }
  }

  int descriptor_;
  peers::LineSender<decltype(&make_line)> sender_;
  Checker checker_;
  bool is_shut_down_ = false;
  std::uint64_t slow_every_;
  std::uint64_t slow_pause_;
  std::uint64_t next_pause_ = 0;
  std::vector<char> buffer_ = std::vector<char>(peers::kReadSize);
};

}  // namespace

// line_client tcp=PORT | unix=PATH [send=COUNT] [slow-every=LINES slow-ms=MS]
// [receive-buffer=BYTES]
int main(int argc, char** argv) {
  const peers::Arguments arguments(argc, argv);
  const Clock::time_point begin = Clock::now();
  const int descriptor = peers::connect_to(arguments);
  Exchange exchange(descriptor, arguments);
  const Outcome outcome = exchange.run();
  exchange.print(outcome, Clock::now() - begin);
  close(descriptor);
  return outcome.ok ? 0 : 1;
}
