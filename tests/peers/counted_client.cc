// SPDX-License-Identifier: MIT
// A program that speaks lines and must not notice that its server dies: sends counted lines, or
// takes them, tells in a file how far it has come, and says how its one connection ended. It knows
// nothing of WebSockets.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

#include "counted_lines.h"

namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10U;

struct Settings {
  std::map<std::string, std::string, std::less<>> values;

  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  }

  [[nodiscard]] std::uint64_t number(std::string_view name) const {
    return std::strtoull(text(name).c_str(), nullptr, 10);
  }
};

[[noreturn]] void fail(const char* what) {
  std::cout << R"({"ok": false, "end": ")" << what << ": " << std::generic_category().message(errno)
            << R"("})" << std::endl;
  std::exit(1);
}

int connect_to(const Settings& settings) {
  const std::string path = settings.text("unix");
  sockaddr_un local{};
  sockaddr_in internet{};
  local.sun_family = AF_UNIX;
  path.copy(local.sun_path, sizeof(local.sun_path) - 1);
  internet.sin_family = AF_INET;
  internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  internet.sin_port = htons(static_cast<std::uint16_t>(settings.number("tcp")));
  const bool is_unix = !path.empty();
  const int descriptor = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* address = is_unix ? reinterpret_cast<const sockaddr*>(&local)
                                : reinterpret_cast<const sockaddr*>(&internet);
  if (descriptor < 0 ||
      connect(descriptor, address, is_unix ? sizeof local : sizeof internet) != 0) {
    fail("connect");
  }
  return descriptor;
}

// The lines 1 to `count`, as much as the socket takes at a time.
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
      peers::make_counted_line(++made_, line_);
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
    fail("progress");
  }
}

class Exchange {
 public:
  Exchange(int descriptor, const Settings& settings)
      : descriptor_(descriptor),
        sender_(settings.number("send")),
        progress_(settings.text("progress")),
        slow_every_(settings.number("slow-every")),
        slow_pause_(settings.number("slow-ms")),
        stays_(settings.values.contains("receive")) {}

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
  Sender sender_;
  Taker taker_;
  std::string progress_;
  std::uint64_t slow_every_;
  std::uint64_t slow_pause_;
  std::uint64_t next_pause_ = 0;
  bool stays_;  // the end is the other side's
  bool is_shut_down_ = false;
  std::vector<char> buffer_ = std::vector<char>(kReadSize);
};

}  // namespace

// counted_client tcp=PORT | unix=PATH [send=COUNT] [receive [progress=FILE]] [slow-every=LINES
// slow-ms=MS]
int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    settings.values[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const int descriptor = connect_to(settings);
  Exchange exchange(descriptor, settings);
  const std::string end = exchange.run();
  exchange.print(end);
  close(descriptor);
  return end == "eof" ? 0 : 1;
}
