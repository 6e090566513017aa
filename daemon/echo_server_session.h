// SPDX-License-Identifier: MIT
// One connection of the echo server: the upgrade, then every message back.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "protocol/connection.h"

namespace wsbridged {

class EchoSession : private ws::net::StreamHandler, private ws::protocol::ConnectionEvents {
 public:
  // Takes the descriptor. `on_end` is called once, last, and may destroy the session.
  EchoSession(ws::EventLoop& loop, int descriptor, std::chrono::milliseconds request_limit,
              std::function<void()> on_end);
  ~EchoSession() override;
  EchoSession(const EchoSession&) = delete;
  EchoSession& operator=(const EchoSession&) = delete;

 private:
  void on_data(std::span<std::byte> bytes) override;
  void on_eof(ws::net::Eof eof) override;
  void on_drained() override;
  void on_failure(const ws::Error& error) override;
  void on_message(ws::MessageType type, std::string_view data) override;
  void on_pong(std::string_view payload) override;

  void receive_request(std::span<const std::byte> bytes);
  void receive_frames(std::span<std::byte> bytes);
  void handle_timer();
  void arm_timer();
  void end();

  ws::EventLoop& loop_;
  std::unique_ptr<ws::net::Stream> stream_;
  std::function<void()> on_end_;
  ws::Timer timer_;
  std::string request_;  // until it is complete: at most what answer_request() takes, and one read
  std::optional<ws::protocol::Connection> connection_;
};

}  // namespace wsbridged
