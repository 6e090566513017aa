// SPDX-License-Identifier: MIT
// Everything that can be said of a WebSocket when it is made. Each default is documented here,
// once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ws/close_code.h>
#include <ws/cookie_jar.h>
#include <ws/error.h>
#include <ws/export.h>

namespace ws {

class WebSocket;

/// The kinds of messages, with their opcodes of RFC 6455 section 5.2.
enum class MessageType : std::uint8_t {
  kText = 1,    ///< valid UTF-8
  kBinary = 2,  ///< any bytes
};

/// A whole message. `data` is valid during the callback only; text is valid UTF-8.
struct Message {
  MessageType type = MessageType::kText;  ///< text or binary
  std::string_view data;                  ///< the payload
};

/// The versions of TLS that may be asked for; older ones are never spoken.
enum class TlsVersion : std::uint8_t {
  kTls12,  ///< RFC 5246
  kTls13,  ///< RFC 8446
};

/// How a server's certificate is judged. Without ca_file the system's store is used.
struct TlsOptions {
  std::string ca_file;      ///< PEM; replaces the system's store
  std::string server_name;  ///< verified and sent as SNI instead of the URL's host
  TlsVersion min_version = TlsVersion::kTls12;  ///< a server that only speaks older ones fails
  bool insecure_skip_verify = false;            ///< anyone can then be the server
  /// Equal options may share a context.
  bool operator==(const TlsOptions&) const = default;
};

/// TlsOptions made usable: see make_tls_context().
class TlsContext;
/// Reads ca_file. Contexts are expensive (the system's store takes 770 KB): make one per distinct
/// TlsOptions and share it; it is immutable and may be used from any number of loops.
WS_EXPORT [[nodiscard]] Result<std::shared_ptr<const TlsContext>> make_tls_context(
    const TlsOptions& options);

/// Whom to tell. An empty one is not called. All are called on the loop's thread, under the
/// callback law of event_loop.h.
struct Callbacks {
  /// The opening handshake has succeeded: send() works. Once, before any message.
  std::function<void(WebSocket&)> on_open{};
  /// A whole message has arrived.
  std::function<void(WebSocket&, const Message&)> on_message{};
  /// buffered_amount() had been above send_high_water and has fallen to half of it or less.
  std::function<void(WebSocket&)> on_drain{};
  /// A pong that answers ping(), or that nobody asked for. Answers to keepalive pings are not told.
  std::function<void(WebSocket&, std::string_view payload)> on_pong{};
  /// The connection has failed, or never came about. Exactly one of on_error and on_close is
  /// called, once, and last. Without on_error the error is thrown out of EventLoop::run().
  std::function<void(WebSocket&, const Error&)> on_error{};
  /// A closing handshake was completed, whatever its code. Once, and last.
  std::function<void(WebSocket&, const CloseInfo&)> on_close{};
};

/// What a WebSocket shall be like; designated initializers read best. A value that cannot be used
/// is an error of phase kOptions, before anything is sent.
struct Options {
  std::vector<std::string> subprotocols{};  ///< offered in this order
  bool require_subprotocol = true;  ///< with subprotocols offered: a server that picks none fails
  std::shared_ptr<CookieJar> cookie_jar{};  ///< refreshed for each connection
  std::vector<Header> headers{};  ///< added to the request; those of the handshake are refused
  std::string origin{};           ///< empty: no Origin header
  TlsOptions tls{};               ///< for wss
  /// Replaces one made from `tls` (server_name still counts).
  std::shared_ptr<const TlsContext> tls_context{};
  std::string unix_path{};  ///< connect to this Unix socket instead of the URL's host

  /// From the constructor to on_open, all phases together; not 0. No duration is above a year.
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds close_timeout{5000};   ///< for the peer's Close frame after ours
  std::chrono::milliseconds ping_interval{25000};  ///< a ping after this much silence; 0: never
  /// Silence after a ping that ends the connection; it rests while paused.
  std::chrono::milliseconds ping_timeout{20000};

  /// Bytes; a longer message ends the connection with close code 1009.
  std::size_t max_message = std::size_t{16} << 20;
  std::size_t max_header = std::size_t{64} << 10;  ///< of the response, 128 fields at most
  /// Buffered bytes above which send() answers kQueued.
  std::size_t send_high_water = std::size_t{1} << 20;
  std::size_t send_limit = std::size_t{64} << 20;  ///< and above which it refuses

  Callbacks callbacks{};  ///< replaceable later: WebSocket::callbacks()
};

}  // namespace ws
