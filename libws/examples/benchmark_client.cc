// SPDX-License-Identifier: MIT
// Measures an echo server, or the way to it: messages for each second and how long each takes to
// come back.
//
//   benchmark_client ws://127.0.0.1:8080/ 100000 64 16
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <ws/websocket.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  std::string url;
  std::size_t count = 10'000;  // messages
  std::size_t size = 64;       // bytes of each
  std::size_t window = 1;      // under way at any time
};

class Benchmark {
 public:
  explicit Benchmark(const Plan& plan) : plan_(plan), payload_(plan.size, 'x') {
    times_.reserve(plan.count);
  }

  void run() {
    ws::Options options;
    options.max_message = std::max<std::size_t>(options.max_message, plan_.size);
    options.callbacks.on_open = [this](ws::WebSocket& socket) {
      start_ = Clock::now();
      send(socket);
    };
    options.callbacks.on_message = [this](ws::WebSocket& socket, const ws::Message& message) {
      receive(socket, message);
    };
    const ws::WebSocket socket(loop_, plan_.url, std::move(options));
    loop_.run();
  }

  void print() {
    if (times_.size() != plan_.count) {
      throw std::runtime_error("the server closed after " + std::to_string(times_.size()));
    }
    std::sort(times_.begin(), times_.end());
    const std::chrono::duration<double> elapsed = end_ - start_;
    const auto count = static_cast<double>(plan_.count);
    std::cout << count / elapsed.count() << " messages/s, "
              << count * static_cast<double>(plan_.size) / elapsed.count() / 1e6 << " MB/s\n"
              << "round trip: median " << at(0.5) << " us, 99 % " << at(0.99) << " us, longest "
              << at(1) << " us\n";
  }

 private:
  void send(ws::WebSocket& socket) {
    while (sent_ < plan_.count && sent_at_.size() < plan_.window) {
      if (socket.send(payload_) == ws::SendResult::kRefused) {
        return;  // more than send_limit is under way: goes on when answers come
      }
      ++sent_;
      sent_at_.push_back(Clock::now());
    }
  }

  void receive(ws::WebSocket& socket, const ws::Message& message) {
    if (message.data != payload_ || sent_at_.empty()) {
      throw std::runtime_error("this is no echo server");
    }
    end_ = Clock::now();
    times_.push_back(end_ - sent_at_.front());
    sent_at_.pop_front();
    if (times_.size() == plan_.count) {
      socket.close();
    } else {
      send(socket);
    }
  }

  [[nodiscard]] long at(double part) const {
    const auto index = static_cast<std::size_t>(part * static_cast<double>(times_.size() - 1));
    return std::chrono::duration_cast<std::chrono::microseconds>(times_[index]).count();
  }

  const Plan& plan_;
  std::string payload_;
  ws::EventLoop loop_;
  std::size_t sent_ = 0;
  std::deque<Clock::time_point> sent_at_;  // of those under way, oldest first
  std::vector<Clock::duration> times_;
  Clock::time_point start_;
  Clock::time_point end_;
};

std::size_t number(const char* text) {
  const long value = std::strtol(text, nullptr, 10);
  if (value <= 0) {
    throw std::runtime_error(std::string(text) + " is no positive number");
  }
  return static_cast<std::size_t>(value);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::cerr << "usage: benchmark_client URL [COUNT [SIZE [WINDOW]]]\n";
    return 2;
  }
  try {
    Plan plan{.url = argv[1]};
    plan.count = argc > 2 ? number(argv[2]) : plan.count;
    plan.size = argc > 3 ? number(argv[3]) : plan.size;
    plan.window = argc > 4 ? number(argv[4]) : plan.window;
    Benchmark benchmark(plan);
    benchmark.run();
    benchmark.print();
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
