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

namespace ws {

class WebSocket;

enum class MessageType : std::uint8_t {
  kText = 1,
  kBinary = 2
};  // the opcodes of RFC 6455 section 5.2

// A whole message. `data` is valid during the callback only; text is valid UTF-8.
struct Message {
  MessageType type = MessageType::kText;
  std::string_view data;
};

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };

// How a server's certificate is judged. Without ca_file the system's store is used.
struct TlsOptions {
  std::string ca_file;      // PEM; replaces the system's store
  std::string server_name;  // verified and sent as SNI instead of the URL's host
  TlsVersion min_version = TlsVersion::kTls12;
  bool insecure_skip_verify = false;  // anyone can then be the server
  bool operator==(const TlsOptions&) const = default;
};

class TlsContext;
// Reads ca_file. Contexts are expensive (the system's store takes 770 KB): make one per distinct
// TlsOptions and share it; it is immutable and may be used from any number of loops.
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> make_tls_context(const TlsOptions& options);

struct Callbacks {
  std::function<void(WebSocket&)> on_open{};
  std::function<void(WebSocket&, const Message&)> on_message{};
  // buffered_amount() had been above send_high_water and has fallen to half of it or less.
  std::function<void(WebSocket&)> on_drain{};
  std::function<void(WebSocket&, std::string_view payload)> on_pong{};
  // Exactly one of these two is called, once, and last: on_close after a closing handshake,
  // whatever its code; on_error for all else. Without on_error the error is thrown out of
  // EventLoop::run().
  std::function<void(WebSocket&, const Error&)> on_error{};
  std::function<void(WebSocket&, const CloseInfo&)> on_close{};
};

struct Options {
  std::vector<std::string> subprotocols{};  // offered in this order
  bool require_subprotocol = true;  // with subprotocols offered: a server that picks none fails
  std::shared_ptr<CookieJar> cookie_jar{};  // refreshed for each connection
  std::vector<Header> headers{};  // added to the request; those of the handshake are refused
  std::string origin{};           // empty: no Origin header
  TlsOptions tls{};
  std::shared_ptr<const TlsContext>
      tls_context{};        // replaces one made from `tls` (server_name still counts)
  std::string unix_path{};  // connect to this Unix socket instead of the URL's host

  std::chrono::milliseconds connect_timeout{
      10'000};  // from the constructor to on_open, all phases together
  // For the peer's Close frame after ours has gone; and for what is queued behind the peer's Close,
  // or before the Close that tells a failure, to move on.
  std::chrono::milliseconds close_timeout{5'000};
  // After close(): for messages queued before our Close to move on, when the peer does not read.
  std::chrono::milliseconds flush_timeout{60'000};
  std::chrono::milliseconds ping_interval{25'000};  // a ping after this much silence; 0: never
  std::chrono::milliseconds ping_timeout{20'000};   // silence after a ping that ends the connection

  std::size_t max_message = std::size_t{16} << 20;  // bytes; a longer one ends with close code 1009
  std::size_t max_header = std::size_t{64} << 10;   // of the response, 128 fields at most
  std::size_t send_high_water = std::size_t{1}
                                << 20;  // buffered bytes above which send() answers kQueued
  std::size_t send_limit = std::size_t{64} << 20;  // and above which it refuses

  Callbacks callbacks{};
};

}  // namespace ws
