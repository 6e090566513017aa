// SPDX-License-Identifier: MIT
// A small WebSocket server that sends every message back, for `wsbridged demo` and for tests. It
// speaks no TLS and is not meant for anything but loopback.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <ws/event_loop.h>

namespace wsbridged {

// Belongs to its loop's thread. Each connection: its request within `request_limit`, messages of at
// most 16 MiB, and no reading while more than kHighWater of output waits. Further connections than
// kMaxConnections wait in the accept queue.
class EchoServer {
 public:
  static constexpr std::size_t kMaxConnections = 64;
  static constexpr std::size_t kHighWater = std::size_t{1} << 20;

  // Listens on 127.0.0.1, on a port that the system chooses. Throws std::runtime_error when it
  // cannot.
  explicit EchoServer(ws::EventLoop& loop,
                      std::chrono::milliseconds request_limit = std::chrono::seconds(10));
  // Ends every connection at once.
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  // "ws://127.0.0.1:40123/".
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::size_t connection_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wsbridged
