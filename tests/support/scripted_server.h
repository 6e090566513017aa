// SPDX-License-Identifier: MIT
// A server on a loopback port and a thread of its own that plays a script: it expects and sends
// literal bytes, plain or over TLS (OpenSSL directly, not the library under test).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/test_certs.h"

namespace ws::test {

// A frame as a client sent it, unmasked.
struct ClientFrame {
  std::uint8_t first_byte = 0;  // FIN, RSV, opcode
  std::uint32_t key = 0;
  std::string payload;
};

// The script's end of one connection. Calls block, for ten seconds at most; what does not go as the
// script says throws std::runtime_error, which ends the script and is told by
// ScriptedServer::failure().
class ScriptPeer {
 public:
  ScriptPeer(int descriptor, const std::optional<Certificate>& certificate);
  ~ScriptPeer();
  ScriptPeer(const ScriptPeer&) = delete;
  ScriptPeer& operator=(const ScriptPeer&) = delete;

  [[nodiscard]] std::string read_exactly(std::size_t size);
  // Up to and including the empty line.
  [[nodiscard]] std::string read_head();
  [[nodiscard]] ClientFrame read_frame();
  void expect_frame(std::uint8_t first_byte, std::string_view payload);
  // Until the client's FIN (TLS: its close_notify, or FIN).
  std::string read_to_end();

  void send(std::string_view bytes);
  // A TLS handshake from here on, as behind a proxy.
  void start_tls(const Certificate& certificate);
  void shutdown_write();  // FIN, without close_notify
  void reset();           // closes with a TCP reset

  // Reads the upgrade request and answers it with 101, followed in the same write by `behind`.
  // Returns the request.
  std::string accept_upgrade(std::string_view behind = {}, std::string_view extra_headers = {});
  // Takes all frames to the client's Close, answers it and reads to the end; or to where the client
  // has left in another way.
  void take_all_and_close();

 private:
  struct Tls;
  [[nodiscard]] std::size_t read_some(char* data, std::size_t size);  // 0: the end

  int descriptor_;
  std::unique_ptr<Tls> tls_;
};

// The 101 to this request, as RFC 6455 section 1.3 shows it.
[[nodiscard]] std::string upgrade_response(std::string_view request_head,
                                           std::string_view extra_headers = {});
// An unmasked frame, as a server sends it; `first_byte` is FIN, RSV and opcode.
[[nodiscard]] std::string server_frame(std::uint8_t first_byte, std::string_view payload);
[[nodiscard]] std::string server_text(std::string_view text);
[[nodiscard]] std::string server_close(std::uint16_t code, std::string_view reason = {});

// Accepts one connection for each script, in turn, and plays it there. The destructor waits for the
// end of what it has begun.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptPeer&)>;

  explicit ScriptedServer(Script script, std::optional<Certificate> certificate = std::nullopt);
  explicit ScriptedServer(std::vector<Script> scripts,
                          std::optional<Certificate> certificate = std::nullopt);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // "ws://localhost:PORT/" or "wss://…".
  [[nodiscard]] std::string url() const;
  // Waits for the scripts' end; empty when all went as it says.
  [[nodiscard]] std::string failure();

 private:
  void play() noexcept;

  std::vector<Script> scripts_;
  std::optional<Certificate> certificate_;
  int listener_;
  std::uint16_t port_ = 0;
  std::string failure_;
  std::thread thread_;
};

// A TCP listener on 127.0.0.1 that nobody accepts from: connections open and stay silent.
class SilentListener {
 public:
  explicit SilentListener(int backlog = 8);
  ~SilentListener();
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

// One whose backlog is full: connecting to it gets no answer.
class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

 private:
  SilentListener listener_{0};
  std::vector<int> fillers_;
};

// A port of 127.0.0.1 that refuses: bound, so that nobody else gets it, but not listened on.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

// A server that opens, plays this part, and then ends with a closing handshake.
[[nodiscard]] ScriptedServer::Script session(const ScriptedServer::Script& part);

}  // namespace ws::test
