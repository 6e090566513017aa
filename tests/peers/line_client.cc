// SPDX-License-Identifier: MIT
// A program that only speaks lines: sends numbered lines over TCP or a Unix socket, checks those it
// gets back, fast or slowly, and prints one JSON object with what it saw. It knows nothing of
// WebSockets.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "numbered_lines.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kReadSize = std::size_t{64} << 10U;

struct Settings {
  std::map<std::string, std::string, std::less<>> values;

  [[nodiscard]] std::uint64_t number(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
  }
};

[[noreturn]] void fail(const char* what) {
  std::cout << R"({"ok": false, "error": ")" << what << ": "
            << std::generic_category().message(errno) << R"("})" << std::endl;
  std::exit(1);
}

int connect_to(int family, const sockaddr* address, socklen_t size, int receive_buffer) {
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Before connect(): the TCP window is agreed on there.
  if (receive_buffer > 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  if (descriptor < 0 || connect(descriptor, address, size) != 0) {
    fail("connect");
  }
  return descriptor;
}

int connect_to(const Settings& settings) {
  const int receive_buffer = static_cast<int>(settings.number("receive-buffer"));
  if (const auto path = settings.values.find("unix"); path != settings.values.end()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path->second.copy(address.sun_path, sizeof(address.sun_path) - 1);
    return connect_to(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof(address),
                      receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(settings.number("tcp")));
  return connect_to(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof(address),
                    receive_buffer);
}

// Sends the lines 0 to count - 1, as much as the socket takes at a time.
class Sender {
 public:
  explicit Sender(std::uint64_t count) : count_(count) {}

  [[nodiscard]] bool is_done() const { return made_ == count_ && offset_ == pending_.size(); }

  [[nodiscard]] std::uint64_t line_count() const { return made_; }

  void send_some(int descriptor) {
    if (offset_ == pending_.size()) {
      refill();
    }
    const ssize_t sent = send(descriptor, pending_.data() + offset_, pending_.size() - offset_,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      offset_ += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN) {
      fail("send");
    }
  }

 private:
  void refill() {
    pending_.clear();
    offset_ = 0;
    while (made_ < count_ && pending_.size() < kReadSize) {
      peers::make_line(made_++, peers::Direction::kUp, line_);
      pending_ += line_;
      pending_ += '\n';
    }
  }

  std::uint64_t count_;
  std::uint64_t made_ = 0;
  std::string pending_;
  std::string line_;
  std::size_t offset_ = 0;
};

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
  Exchange(int descriptor, const Settings& settings)
      : descriptor_(descriptor),
        sender_(settings.number("send")),
        slow_every_(settings.number("slow-every")),
        slow_pause_(settings.number("slow-ms")) {}

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
  Sender sender_;
  Checker checker_;
  bool is_shut_down_ = false;
  std::uint64_t slow_every_;
  std::uint64_t slow_pause_;
  std::uint64_t next_pause_ = 0;
  std::vector<char> buffer_ = std::vector<char>(kReadSize);
};

}  // namespace

// line_client tcp=PORT | unix=PATH [send=COUNT] [slow-every=LINES slow-ms=MS]
// [receive-buffer=BYTES]
int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    settings.values[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const Clock::time_point begin = Clock::now();
  const int descriptor = connect_to(settings);
  Exchange exchange(descriptor, settings);
  const Outcome outcome = exchange.run();
  exchange.print(outcome, Clock::now() - begin);
  close(descriptor);
  return outcome.ok ? 0 : 1;
}
