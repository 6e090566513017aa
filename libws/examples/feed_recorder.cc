// SPDX-License-Identifier: MIT
// Appends every message of a feed to a file, a line each, as its pieces arrive: memory stays the
// same however long a message is. Comes back after a lost connection, later and later, and leaves
// when the feed closes normally.
//
//   feed_recorder wss://feed.example/ prices.txt '{"subscribe": "prices"}'
#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include <ws/websocket.h>

namespace {

using std::chrono::milliseconds;
constexpr milliseconds kFirstDelay{500};
constexpr milliseconds kLongestDelay{30'000};

class Recorder {
 public:
  Recorder(ws::EventLoop& loop, std::string url, const std::string& path, std::string request)
      : loop_(loop),
        url_(std::move(url)),
        request_(std::move(request)),
        file_(path, std::ios::binary | std::ios::app) {
    file_.exceptions(std::ios::failbit | std::ios::badbit);
    connect();
  }

 private:
  void connect() {
    ws::Options options;
    options.max_message = std::size_t{1} << 40;  // nothing is kept of it
    options.callbacks.on_open = [this](ws::WebSocket& socket) { open(socket); };
    options.callbacks.on_message_chunk = [this](ws::WebSocket&, const ws::MessageChunk& chunk) {
      record(chunk);
    };
    options.callbacks.on_error = [this](ws::WebSocket&, const ws::Error& error) { retry(error); };
    options.callbacks.on_close = [this](ws::WebSocket&, const ws::CloseInfo& info) { end(info); };
    socket_ = std::make_unique<ws::WebSocket>(loop_, url_, std::move(options));
  }

  void open(ws::WebSocket& socket) {
    std::cerr << "recording " << socket.url().redacted() << '\n';
    delay_ = kFirstDelay;
    if (!request_.empty()) {
      (void)socket.send(request_);  // a new connection has room for it
    }
  }

  void record(const ws::MessageChunk& chunk) {
    file_ << chunk.data;
    in_message_ = !chunk.is_last;
    if (chunk.is_last) {
      file_ << '\n' << std::flush;
    }
  }

  void retry(const ws::Error& error) {
    end_line();
    // What will not get better by itself: a wrong URL, a refusal, a certificate, a full disk.
    const bool may_pass = error.code == ws::ErrorCode::kConnectionLost ||
                          error.code == ws::ErrorCode::kConnectFailed ||
                          error.code == ws::ErrorCode::kResolveFailed ||
                          error.code == ws::ErrorCode::kTimeout ||
                          error.code == ws::ErrorCode::kPingTimeout ||
                          (error.response && error.response->status >= 500);
    if (!may_pass) {
      throw ws::Exception(error);
    }
    std::cerr << error.message << '\n';
    // Not all clients of a server that comes back shall come at the same moment.
    timer_.start(milliseconds(std::uniform_int_distribution<>(
        static_cast<int>(delay_.count() / 2), static_cast<int>(delay_.count()))(random_)));
    delay_ = std::min(delay_ * 2, kLongestDelay);
  }

  void end(const ws::CloseInfo& info) {
    std::cerr << "closed with " << info.code << ' ' << info.reason << '\n';
    if (info.code != ws::kCloseNormal && info.code != ws::kCloseNoStatus) {
      timer_.start(delay_);
    }
  }

  // A message that was cut off keeps its line: it shall not run into the next one.
  void end_line() {
    if (in_message_) {
      file_ << '\n' << std::flush;
      in_message_ = false;
    }
  }

  ws::EventLoop& loop_;
  std::string url_;
  std::string request_;
  std::ofstream file_;
  bool in_message_ = false;
  milliseconds delay_ = kFirstDelay;
  std::minstd_rand random_{std::random_device{}()};
  std::unique_ptr<ws::WebSocket> socket_;
  ws::Timer timer_{loop_, [this] { connect(); }};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: feed_recorder URL FILE [FIRST_MESSAGE]\n";
    return 2;
  }
  try {
    ws::EventLoop loop;
    const Recorder recorder(loop, argv[1], argv[2], argc == 4 ? argv[3] : "");
    loop.run();
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
