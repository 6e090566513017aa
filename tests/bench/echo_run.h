// SPDX-License-Identifier: MIT
// One measured conversation with an echo server, whatever library carries it: which messages go
// out, when the warm-up is over, and what the rest cost.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

// "PORT COUNT WINDOW": COUNT messages are measured, after a tenth as many to warm up, and at most
// WINDOW of them are under way at any time.
class EchoRun {
 public:
  EchoRun(int argc, char** argv) {
    if (argc != 4) {
      throw std::runtime_error("usage: PORT COUNT WINDOW");
    }
    port_ = static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10));
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    window_ = std::strtoull(argv[3], nullptr, 10);
    warm_up_ = count / 10;
    total_ = count + warm_up_;
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] std::string_view payload() const { return payload_; }

  // May another message go out now? If so, it counts as sent.
  [[nodiscard]] bool take_turn() {
    if (sent_ == total_ || sent_ - received_ == window_) {
      return false;
    }
    ++sent_;
    return true;
  }

  // False when that was the last one.
  [[nodiscard]] bool count_received(std::string_view message) {
    if (message != payload_) {
      throw std::runtime_error("not the message that was sent");
    }
    if (++received_ == warm_up_) {
      start_ = Cost::now();
    }
    return received_ != total_;
  }

  // A line of JSON: nanoseconds for each message.
  void print() const {
    const Cost end = Cost::now();
    const auto count = static_cast<double>(total_ - warm_up_);
    std::cout << R"({"cpu": )" << (end.cpu - start_.cpu) / count << R"(, "wall": )"
              << (end.wall - start_.wall) / count << "}\n";
  }

 private:
  struct Cost {
    double cpu = 0;  // nanoseconds, user and system
    double wall = 0;

    static double nanoseconds(const timeval& time) {
      return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
    }

    static Cost now() {
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      const std::chrono::duration<double, std::nano> wall =
          std::chrono::steady_clock::now().time_since_epoch();
      return {.cpu = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
              .wall = wall.count()};
    }
  };

  std::string payload_ = std::string(64, 'x');
  std::uint16_t port_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t warm_up_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  Cost start_;
};

// Runs a client that is made with the EchoRun; prints what it cost.
template <typename Client>
int run(int argc, char** argv) {
  try {
    EchoRun echo(argc, argv);
    Client(echo).run();
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}

}  // namespace bench
