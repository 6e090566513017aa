// SPDX-License-Identifier: MIT
// A WebSocket echo server on the test's own loop, built from the library's parts: answer_request(),
// a Connection in the server's role and a net::Stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ws/event_loop.h>

struct event;

namespace ws::test {

// Sends every message back as it came. Reads no further while more than 1 MiB of its answers wait.
class EchoServer {
 public:
  explicit EchoServer(EventLoop& loop);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  [[nodiscard]] std::string url() const;

 private:
  class Session;
  static void handle_accept(int descriptor, short what, void* self) noexcept;

  EventLoop& loop_;
  int listener_;
  std::uint16_t port_ = 0;
  event* accept_event_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace ws::test
