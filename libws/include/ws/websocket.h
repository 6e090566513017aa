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
#include <ws/export.h>
#include <ws/message_writer.h>
#include <ws/opening_times.h>
#include <ws/options.h>
#include <ws/tls_info.h>
#include <ws/url.h>

/// The WebSocket client library.
namespace ws {

/// How far a WebSocket is, as RFC 6455 sections 4.1 and 7.1 name it.
enum class State : std::uint8_t {
  kConnecting,  ///< until on_open
  kOpen,        ///< messages may be sent
  kClosing,     ///< a Close frame was sent or received; messages may still arrive
  kClosed,      ///< over: on_close or on_error is told, or abort() was called
};

/// Bytes of memory that the buffers of a WebSocket take.
struct BufferMemory {
  std::size_t output = 0;  ///< of what waits to be sent
  std::size_t input = 0;   ///< of an unfinished message, and of what waits for resume()
};

/// What became of several messages that were to be sent.
struct BatchResult {
  std::size_t taken = 0;  ///< how many, from the first on
  /// When all were taken, what the last send() would have said: kSent or kQueued. Else what the
  /// first that was not taken got: kRefused or kInvalidUtf8. It may be dropped, or sent otherwise,
  /// and the rest tried again.
  SendResult result = SendResult::kSent;
  /// Some were taken, and buffered_amount() is now above send_high_water: wait for on_drain.
  bool is_queued = false;
};

/// Belongs to its loop's thread. Callbacks follow the law in event_loop.h. Destroying it closes the
/// connection at once without callbacks; close() first for a clean end.
class WS_EXPORT WebSocket {
 public:
  /// Starts to connect. Bad arguments are reported like every failure: through on_error, in a later
  /// turn.
  WebSocket(EventLoop& loop, std::string_view url, Options options = {});
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Sends a text message, whole, in order. The bytes are taken before the call returns; they leave
  /// together with others at the end of the loop's turn.
  [[nodiscard]] SendResult send(std::string_view text, const SendOptions& options = {});
  /// The same for a binary message.
  [[nodiscard]] SendResult send_binary(std::span<const std::byte> bytes,
                                       const SendOptions& options = {});
  /// As send() or send_binary() for each of `messages` in order, up to the first that is not taken,
  /// at a fraction of the cost when they are short. It goes on above send_high_water, as send()
  /// does, and no further than send_limit. An empty batch does nothing, and is kSent.
  [[nodiscard]] BatchResult send_batch(MessageType type, std::span<const std::string_view> messages,
                                       const SendOptions& options = {});
  /// Begins a message whose length is not known yet; see MessageWriter. The writer refuses
  /// everything when the WebSocket is not open, or another message is being written.
  [[nodiscard]] MessageWriter start_message(MessageType type, const SendOptions& options = {});
  /// Sends a ping of at most 125 bytes; on_pong tells the answer. False when not open.
  bool ping(std::string_view payload = {});

  /// Starts the closing handshake: queued messages go first, messages are still received until the
  /// peer's Close. A code that must not be sent is replaced by 1000, a reason is cut at 123 bytes
  /// on a character boundary. While connecting it ends like abort(). Later calls do nothing.
  void close(std::uint16_t code = kCloseNormal, std::string_view reason = {});
  /// Ends at once, without handshake and without further callbacks.
  void abort();

  /// Between pause() and resume() no on_message, on_messages or on_message_chunk is called, nothing
  /// is read, and ping_timeout rests.
  void pause();
  /// Goes on, in a later turn.
  void resume();
  /// Paused, and not resumed since?
  [[nodiscard]] bool is_paused() const;

  /// How far it is.
  [[nodiscard]] State state() const;
  /// The URL, parsed, with empty fields when it could not be; once it is open, the one that
  /// redirects led to; empty again after forget_opening().
  [[nodiscard]] const Url& url() const;
  /// The subprotocol that the server chose; empty before on_open, and when it chose none.
  [[nodiscard]] const std::string& subprotocol() const;
  /// The 101 response; empty before on_open and after forget_opening().
  [[nodiscard]] const HttpResponse& response() const;
  /// How long each phase of the opening took, or has taken so far; also in on_error. Zeros after
  /// forget_opening().
  [[nodiscard]] OpeningTimes opening_times() const;
  /// Gives the memory back that url(), response() and opening_times() take (some 600 bytes), when
  /// nobody will ask for them any more. Once it is open; before, it does nothing.
  void forget_opening();
  /// The TLS connection's version, cipher, certificate and pin; nullopt without TLS, and unless
  /// open or closing. It is computed by the call.
  [[nodiscard]] std::optional<TlsInfo> tls_info() const;
  /// Bytes not yet given to the kernel; in on_close, on_error and after it, those that never will
  /// be.
  [[nodiscard]] std::size_t buffered_amount() const;
  /// What its buffers take of the memory.
  [[nodiscard]] BufferMemory buffer_memory() const;
  /// Payload of data frames so far, as it was sent (compressed, if it was); unfinished messages
  /// included.
  [[nodiscard]] std::uint64_t received_bytes() const;
  /// Does the server take compressed messages (Options::compression)? False before on_open.
  [[nodiscard]] bool is_compression_agreed() const;
  /// The time between the last answered keepalive ping and its pong; 0 before.
  [[nodiscard]] std::chrono::microseconds ping_round_trip() const;
  /// "192.0.2.1:443", "[2001:db8::1]:443" or "unix:/path", a proxy's when there is one; empty
  /// before the connection.
  [[nodiscard]] std::string remote_address() const;

  /// May be replaced at any time, also from inside the callbacks. Never called when there is an
  /// Options::handler.
  [[nodiscard]] Callbacks& callbacks();

 private:
  friend class MessageWriter;
  class WS_HIDDEN Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws
