// SPDX-License-Identifier: MIT
// A WebSocket client without a network: for tests of what is built on libws, for other transports,
// and for looking closely. WebSocket is the same protocol on a loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/export.h>
#include <ws/websocket.h>

namespace ws {

/// What a ClientProtocol has seen.
struct ProtocolEvent {
  /// The kinds of events.
  enum class Kind : std::uint8_t {
    kOpen,    ///< the opening handshake has succeeded; no data
    kText,    ///< a whole text message
    kBinary,  ///< a whole binary message
    kPong,    ///< a pong that answers ping(), or that nobody asked for
  };
  Kind kind = Kind::kOpen;  ///< what it is
  std::string data{};       ///< the payload
  /// Equal kinds and equal data.
  bool operator==(const ProtocolEvent&) const = default;
};

/// The client's side of RFC 6455 and RFC 7692, upgrade request included: bytes and the time go in,
/// events and bytes come out. It owns no socket, clock, thread or source of randomness, so the same
/// input always gives the same output. Not thread-safe. Never throws on what a peer sends.
///
/// Of the options, those of the request and of messages count, max_message and the other limits on
/// input too: memory is bounded by them as in a WebSocket. How to get there (TLS, proxies, cookie
/// jars, connect_timeout), send limits and callbacks do not: there is nobody to dial, and a
/// redirect is a refusal.
class WS_EXPORT ClientProtocol {
 public:
  /// The caller's clock. It must not go backwards.
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Fills all of the bytes it is given. The key of the handshake and the mask of each frame come
  /// from it: outside of tests they must be unpredictable (RFC 6455 section 10.3).
  using Randomness = std::function<void(std::span<std::byte>)>;

  /// The request is in the output at once, unless `url` or the options are unusable: see error().
  ClientProtocol(std::string_view url, const Options& options, Randomness random);
  ~ClientProtocol();
  ClientProtocol(const ClientProtocol&) = delete;
  ClientProtocol& operator=(const ClientProtocol&) = delete;

  /// Takes bytes of the server, in any pieces. After the end they are ignored.
  void receive(std::string_view bytes, TimePoint now);
  /// The server's FIN. Before the closing handshake is complete it is an error.
  void receive_eof();
  /// What has happened since the last call, in order.
  [[nodiscard]] std::vector<ProtocolEvent> take_events();
  /// What is to be sent to the server since the last call; to be taken after every other call.
  [[nodiscard]] std::string take_output();

  /// See WebSocket::send(). Never kQueued: the output has no limit here.
  [[nodiscard]] SendResult send(std::string_view text);
  /// The same for a binary message.
  [[nodiscard]] SendResult send_binary(std::span<const std::byte> bytes);
  /// See WebSocket::ping().
  bool ping(std::string_view payload = {});
  /// See WebSocket::close(). While connecting it changes nothing: there is no frame to send yet.
  void close(std::uint16_t code, std::string_view reason, TimePoint now);

  /// When handle_deadline() is to be called, for pings and the server's Close; nullopt: never. It
  /// changes with every other call.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  /// Does what is due; harmless when called early.
  void handle_deadline(TimePoint now);

  /// How far it is.
  [[nodiscard]] State state() const;
  /// Why it failed; nullopt before that and after a closing handshake.
  [[nodiscard]] const std::optional<Error>& error() const;
  /// How the closing handshake went; nullopt before its end.
  [[nodiscard]] std::optional<CloseInfo> closed() const;
  /// The subprotocol that the server chose; empty before kOpen, and when it chose none.
  [[nodiscard]] const std::string& subprotocol() const;
  /// The 101 response; empty before kOpen.
  [[nodiscard]] const HttpResponse& response() const;

 private:
  struct WS_HIDDEN Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws
