// SPDX-License-Identifier: MIT
// A WebSocket of libws that is used from top to bottom, for the conformance client: each call runs
// the loop until it has its answer, and throws when the answer is another.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ws/websocket.h>

namespace peers {

inline void require(bool condition, const std::string& otherwise) {
  if (!condition) {
    throw std::runtime_error(otherwise);
  }
}

struct Target {
  std::string url;
  ws::Compression compression{};  // what is offered; when enabled, the server must agree
};

struct Received {
  ws::MessageType type = ws::MessageType::kText;
  std::string data;
};

// Open when it is made.
class Session {
 public:
  explicit Session(const Target& target, std::vector<std::string> subprotocols = {})
      : deadline_(loop_, [this] { loop_.stop(); }),
        socket_(loop_, target.url, options(target, std::move(subprotocols))) {
    run_until([this] { return socket_.state() == ws::State::kOpen; }, "the opening");
    require(socket_.is_compression_agreed() == target.compression.enabled,
            "compression was not agreed on as asked for");
  }

  [[nodiscard]] ws::WebSocket& socket() { return socket_; }

  void send(ws::MessageType type, std::string_view data) {
    const ws::SendResult result = type == ws::MessageType::kText
                                      ? socket_.send(data)
                                      : socket_.send_binary(std::as_bytes(std::span(data)));
    require(result == ws::SendResult::kSent || result == ws::SendResult::kQueued,
            "a message was not taken");
  }

  [[nodiscard]] Received receive() {
    run_until([this] { return !received_.empty(); }, "a message");
    Received first = std::move(received_.front());
    received_.pop_front();
    return first;
  }

  // Closes and expects the server to answer with the same code.
  void close(std::uint16_t code, std::string_view reason = {}) {
    socket_.close(code, reason);
    wait_for_close(code);
    require(!closed_->by_peer, "the server's Close was first");
  }

  void expect_close(std::uint16_t code, std::string_view reason) {
    wait_for_close(code);
    require(closed_->by_peer, "the server's Close was not first");
    require(closed_->reason == reason, "Close with another reason");
  }

 private:
  [[nodiscard]] ws::Options options(const Target& target, std::vector<std::string> subprotocols) {
    ws::Options options;
    options.subprotocols = std::move(subprotocols);
    options.compression = target.compression;
    options.callbacks.on_open = [this](ws::WebSocket&) { loop_.stop(); };
    options.callbacks.on_message = [this](ws::WebSocket&, const ws::Message& message) {
      received_.push_back({message.type, std::string(message.data)});
      loop_.stop();
    };
    options.callbacks.on_close = [this](ws::WebSocket&, const ws::CloseInfo& info) {
      closed_ = info;
      loop_.stop();
    };
    options.callbacks.on_error = [this](ws::WebSocket&, const ws::Error& error) {
      failure_ = error.message;
      loop_.stop();
    };
    return options;
  }

  void wait_for_close(std::uint16_t code) {
    run_until([this] { return closed_.has_value(); }, "the Close");
    require(closed_->code == code, "Close with code " + std::to_string(closed_->code) +
                                       " instead of " + std::to_string(code));
    deadline_.stop();
    loop_.run();  // until the connection is gone
  }

  template <typename Condition>
  void run_until(const Condition& is_met, const std::string& what) {
    deadline_.start(std::chrono::seconds(30));
    while (!is_met() && failure_.empty() && deadline_.is_running()) {
      require(!closed_, "the server closed instead of " + what);
      loop_.run();
    }
    require(failure_.empty(), failure_);
    require(is_met(), "nothing within 30 s instead of " + what);
  }

  ws::EventLoop loop_;
  std::deque<Received> received_;
  std::optional<ws::CloseInfo> closed_;
  std::string failure_;
  ws::Timer deadline_;
  ws::WebSocket socket_;
};

}  // namespace peers
