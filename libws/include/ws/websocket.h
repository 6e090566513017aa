// SPDX-License-Identifier: MIT
// A WebSocket client connection (RFC 6455), from URL to closing handshake.
//
//   ws::EventLoop loop;
//   ws::WebSocket socket(loop, "wss://example.com/chat", {.callbacks = {
//       .on_open = [](ws::WebSocket& s) { s.send("hello"); },
//       .on_message = [](ws::WebSocket& s, const ws::Message& m) { std::cout << m.data; s.close();
//       }}});
//   loop.run();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ws/event_loop.h>
#include <ws/message_writer.h>
#include <ws/opening_times.h>
#include <ws/options.h>
#include <ws/tls_info.h>
#include <ws/url.h>

namespace ws {

enum class State : std::uint8_t { kConnecting, kOpen, kClosing, kClosed };

// Belongs to its loop's thread. Callbacks follow the law in event_loop.h. Destroying it closes the
// connection at once without callbacks; close() first for a clean end.
class WebSocket {
 public:
  // Starts to connect. Bad arguments are reported like every failure: through on_error, in a later
  // turn.
  WebSocket(EventLoop& loop, std::string_view url, Options options = {});
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Sends a message, whole, in order. The bytes are taken before the call returns; they leave
  // together with others at the end of the loop's turn.
  [[nodiscard]] SendResult send(std::string_view text, const SendOptions& options = {});
  [[nodiscard]] SendResult send_binary(std::span<const std::byte> bytes,
                                       const SendOptions& options = {});
  /// Begins a message whose length is not known yet; see MessageWriter. The writer refuses
  /// everything when the WebSocket is not open, or another message is being written.
  [[nodiscard]] MessageWriter start_message(MessageType type, const SendOptions& options = {});
  // Sends a ping of at most 125 bytes; on_pong tells the answer. False when not open.
  bool ping(std::string_view payload = {});

  // Starts the closing handshake: queued messages go first, messages are still received until the
  // peer's Close. A code that must not be sent is replaced by 1000, a reason is cut at 123 bytes
  // on a character boundary. While connecting it ends like abort(). Later calls do nothing.
  void close(std::uint16_t code = kCloseNormal, std::string_view reason = {});
  // Ends at once, without handshake and without further callbacks.
  void abort();

  // Between pause() and resume() no on_message and no on_message_chunk is called, nothing is read,
  // and ping_timeout rests.
  void pause();
  void resume();
  [[nodiscard]] bool is_paused() const;

  [[nodiscard]] State state() const;
  /// As given; once it is open, the one that redirects led to.
  [[nodiscard]] const Url& url() const;
  [[nodiscard]] const std::string& subprotocol()
      const;                                           // chosen by the server, empty before on_open
  [[nodiscard]] const HttpResponse& response() const;  // the 101, empty before on_open
  /// How long each phase of the opening took, or has taken so far; also in on_error.
  [[nodiscard]] OpeningTimes opening_times() const;
  /// The TLS connection's version, cipher, certificate and pin; nullopt without TLS, and unless
  /// open or closing. It is computed by the call.
  [[nodiscard]] std::optional<TlsInfo> tls_info() const;
  // Bytes not yet given to the kernel; after a lost connection, those that never were.
  [[nodiscard]] std::size_t buffered_amount() const;
  /// Payload of data frames so far, as it was sent (compressed, if it was); unfinished messages
  /// included.
  [[nodiscard]] std::uint64_t received_bytes() const;
  /// Does the server take compressed messages (Options::compression)? False before on_open.
  [[nodiscard]] bool is_compression_agreed() const;
  [[nodiscard]] std::chrono::microseconds ping_round_trip()
      const;  // of the last answered keepalive ping, 0 before
  [[nodiscard]] std::string remote_address()
      const;  // "192.0.2.1:443", a proxy's when there is one; empty before the connection

  // May be replaced at any time, also from inside the callbacks.
  [[nodiscard]] Callbacks& callbacks();

 private:
  friend class MessageWriter;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws
