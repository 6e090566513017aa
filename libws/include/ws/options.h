// SPDX-License-Identifier: MIT
// Everything that can be said of a WebSocket when it is made. Each default is documented here,
// once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
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

/// A piece of a message, as it came: see Callbacks::on_message_chunk.
struct MessageChunk {
  MessageType type = MessageType::kText;  ///< of the whole message
  std::string_view data;  ///< valid during the callback only; may be empty when is_last
  bool is_first = false;  ///< begins a message; a message in one piece is first and last at once
  bool is_last = false;   ///< ends it
};

/// How one message is sent.
struct SendOptions {
  /// False: this message is not compressed, whatever was negotiated, and leaves no trace in the
  /// compressor. For secrets: when text that an attacker chooses is compressed together with a
  /// secret, the length of what is sent tells him about it, TLS or not (CRIME, BREACH).
  bool compress = true;
};

/// permessage-deflate (RFC 7692). Off unless asked for: it costs memory and CPU, and secrets want
/// care (SendOptions::compress).
///
/// Memory, for each connection: nothing before the first compressed message in that direction, then
/// until the end, or, without context takeover, only while a message is under way:
///   sending    (1 << (bits + 2)) + (1 << (memory_level + 9)) + 6 KiB, where bits is
///              client_max_window_bits or what the server chose below it:
///              268 KB at 15/8, 39 KB at 12/5
///   receiving  at most 42 KB, whatever the server's window is
struct Compression {
  bool enabled = false;  ///< offer it; the server may still decline
  /// Compress each message on its own: less memory, less compression.
  bool client_no_context_takeover = false;
  /// Ask the server to do so. It may ignore that.
  bool server_no_context_takeover = false;
  /// 9 to 15: the largest window to compress with, 2 to the power of this many bytes. With 15 the
  /// server may choose a smaller one. One that insists on 8 gets uncompressed messages.
  int client_max_window_bits = 15;
  /// 8 to 15: ask the server for a window of at most this size. It may ignore that.
  int server_max_window_bits = 15;
  int level = 6;         ///< zlib's, 1 (fast) to 9 (small)
  int memory_level = 8;  ///< zlib's, 1 to 9
  /// Bytes; shorter messages are sent uncompressed, empty ones always.
  std::size_t threshold = 128;
};

/// The versions of TLS that may be asked for; older ones are never spoken.
enum class TlsVersion : std::uint8_t {
  kTls12,  ///< RFC 5246
  kTls13,  ///< RFC 8446
};

/// How a server's certificate is judged, and which certificate we show.
struct TlsOptions {
  std::string ca_file{};  ///< PEM; replaces the system's store, which is used without it
  /// PEM: the client's certificate and what leads up to its authority.
  std::string cert_file{};
  std::string key_file{};     ///< PEM, not encrypted; empty: the key is in cert_file
  std::string server_name{};  ///< verified and sent as SNI instead of the URL's host
  TlsVersion min_version = TlsVersion::kTls12;  ///< a server that only speaks older ones fails
  /// The server's public key must have one of these pins, on top of verification (none: any). A pin
  /// is the SHA-256 of the SubjectPublicKeyInfo as curl writes it, "sha256//" and Base64, or the
  /// Base64 alone. The error of a server with another key tells that key's pin.
  std::vector<std::string> pin_sha256{};
  /// Anyone can then be the server (pins still count). Whoever offers this to people should say so
  /// aloud, as a library cannot: TlsInfo::verified tells it of each connection.
  bool insecure_skip_verify = false;
  /// Equal options may share a context.
  bool operator==(const TlsOptions&) const = default;
};

/// TlsOptions made usable: see make_tls_context().
class TlsContext;
/// Reads the files. Contexts are expensive (the system's store takes 770 KB): make one per distinct
/// TlsOptions and share it; it may be used from any number of loops. It holds the sessions that
/// later connections to the same server resume (256 servers). Errors have phase kOptions: a file
/// that cannot be read or is not PEM, an encrypted key, a key of another certificate, a bad pin.
WS_EXPORT [[nodiscard]] Result<std::shared_ptr<const TlsContext>> make_tls_context(
    const TlsOptions& options);

/// Whom to tell. An empty one is not called. All are called on the loop's thread, under the
/// callback law of event_loop.h.
struct Callbacks {
  /// The opening handshake has succeeded: send() works. Once, before any message.
  std::function<void(WebSocket&)> on_open{};
  /// A whole message has arrived.
  std::function<void(WebSocket&, const Message&)> on_message{};
  /// Replaces on_message while it is set: messages that arrived together are told together, in
  /// order, at least one, and at most 64 of at most 64 KiB in all, or a longer one alone. Their
  /// data is valid during the call only. All of them have been delivered: pause(), close() and
  /// replacing callbacks inside the call count for what follows and take none of them back, and
  /// after destroying the WebSocket or throwing inside it nobody is told the rest of them.
  std::function<void(WebSocket&, std::span<const Message>)> on_messages{};
  /// Replaces on_message and on_messages while it is set: messages come in pieces, as they arrive,
  /// unmasked, inflated and checked, and nothing is put together. A piece of text may end within a
  /// character, but no piece holds a byte that UTF-8 forbids. Pieces are never empty but the
  /// last. A message that turns out bad or too long ends without is_last, and on_error follows.
  /// When it is cleared within a message, the rest of that message is dropped; when it is set
  /// within one, that message comes as a single piece.
  std::function<void(WebSocket&, const MessageChunk&)> on_message_chunk{};
  /// The messages and pieces that one read of the connection brought have been told; perhaps there
  /// were none. For what is better done once a read than once a message. Not after the last read.
  std::function<void(WebSocket&)> on_read_end{};
  /// buffered_amount() had been above send_high_water and has fallen to half of it or less.
  std::function<void(WebSocket&)> on_drain{};
  /// A pong that answers ping(), or that nobody asked for. Answers to keepalive pings are not
  /// told.
  std::function<void(WebSocket&, std::string_view payload)> on_pong{};
  /// A keepalive ping was answered, after this time; see WebSocket::ping_round_trip().
  std::function<void(WebSocket&, std::chrono::microseconds)> on_round_trip{};
  /// The connection has failed, or never came about. Exactly one of on_error and on_close is
  /// called, once, and last. Without on_error the error is thrown out of EventLoop::run().
  std::function<void(WebSocket&, const Error&)> on_error{};
  /// A closing handshake was completed, whatever its code. Once, and last.
  std::function<void(WebSocket&, const CloseInfo&)> on_close{};
};

/// Whom to tell, as one object: what a program with thousands of WebSockets uses instead of
/// Callbacks, which take about a kilobyte for each of them. Its functions are called as the
/// callbacks of their names are, those that are not overridden do nothing, and messages are always
/// told by on_messages.
class WS_EXPORT WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  /// See Callbacks::on_open.
  virtual void on_open(WebSocket& /*socket*/) {}

  /// See Callbacks::on_messages.
  virtual void on_messages(WebSocket& /*socket*/, std::span<const Message> /*messages*/) {}

  /// See Callbacks::on_read_end.
  virtual void on_read_end(WebSocket& /*socket*/) {}

  /// See Callbacks::on_drain.
  virtual void on_drain(WebSocket& /*socket*/) {}

  /// See Callbacks::on_pong.
  virtual void on_pong(WebSocket& /*socket*/, std::string_view /*payload*/) {}

  /// See Callbacks::on_round_trip.
  virtual void on_round_trip(WebSocket& /*socket*/, std::chrono::microseconds /*time*/) {}

  /// See Callbacks::on_error.
  virtual void on_error(WebSocket& socket, const Error& error) = 0;
  /// See Callbacks::on_close.
  virtual void on_close(WebSocket& socket, const CloseInfo& info) = 0;
};

/// User and password of the Basic scheme (RFC 7617): no control characters, no colon in the user.
struct BasicAuth {
  std::string user{};      ///< not empty
  std::string password{};  ///< may be empty
};

/// What a WebSocket shall be like; designated initializers read best. A value that cannot be used
/// is an error of phase kOptions, before anything is sent.
struct Options {
  std::vector<std::string> subprotocols{};  ///< offered in this order
  bool require_subprotocol = true;  ///< with subprotocols offered: a server that picks none fails
  std::shared_ptr<CookieJar> cookie_jar{};  ///< refreshed for each connection
  std::vector<Header> headers{};  ///< added to the request; those of the handshake are refused
  std::string origin{};           ///< empty: no Origin header
  /// Sent with the first request and to its origin only, like the user information of a URL, which
  /// does the same; both, or one of them and an Authorization header, are an error.
  std::optional<BasicAuth> basic_auth{};
  /// Set-Cookie fields of every response to an upgrade request, refusals and redirects too, go into
  /// cookie_jar and its file (CookieJar::store_in_file()). False: they go into session_cookies.
  bool store_cookies = false;
  /// Where servers' cookies live that are not stored. It is laid over cookie_jar for each
  /// connection: given to several WebSockets in turn, it carries a session through reconnects.
  /// nullptr: one that ends with the opening. Not with store_cookies.
  std::shared_ptr<CookieJar> session_cookies{};
  /// Redirects (301, 302, 303, 307, 308) that are followed, 20 at most; 0: none, they are refusals.
  /// Never from wss to ws, and to another origin only when redirect_to lists it. Such an origin
  /// gets nothing that was meant for the first one: no basic_auth, none of `headers` but
  /// User-Agent, no client certificate; tls.server_name and unix_path do not count there. Cookies
  /// are matched anew for each. connect_timeout covers all of it.
  std::size_t follow_redirects = 0;
  std::vector<std::string> redirect_to{};  ///< origins: "wss://b.example", "https://c.example:8443"
  /// Empty: none. "env": what the environment says, as curl reads it: wss_proxy, https_proxy (for
  /// ws: ws_proxy, http_proxy), all_proxy, their upper-case forms but HTTP_PROXY, and no_proxy. Or
  /// a URL, "http://user:password@host:port" or "socks5://…" (also socks5h://), port 1080 when
  /// there is none. HTTP proxies are asked with CONNECT, for ws too. Either kind is told the
  /// server's name: it is not looked up here. Not together with unix_path, which beats "env".
  std::string proxy{};
  /// As curl --resolve: "host:port" (the host may be "*") to an address, several separated by
  /// commas, or "unix:PATH", instead of looking the host up. Host header, SNI and verification keep
  /// the name. A proxy is asked for the first address; one found with "unix:" is connected to
  /// without it. Entries also count for the host and port of a proxy.
  std::map<std::string, std::string> resolve{};
  TlsOptions tls{};  ///< for wss
  /// Replaces one made from `tls` (server_name still counts).
  std::shared_ptr<const TlsContext> tls_context{};
  std::string unix_path{};  ///< connect to this Unix socket instead of the URL's host

  /// From the constructor to on_open, all phases together; not 0. No duration is above a year.
  std::chrono::milliseconds connect_timeout{10000};
  /// For the peer's Close frame after ours has gone; and for what is queued behind the peer's
  /// Close, or before the Close that tells a failure, to move on. It rests while paused.
  std::chrono::milliseconds close_timeout{5000};
  /// After close(): for messages queued before our Close to move on, when the peer does not read.
  std::chrono::milliseconds flush_timeout{60000};
  std::chrono::milliseconds ping_interval{25000};  ///< a ping after this much silence; 0: never
  /// Silence after a ping that ends the connection; it rests while paused.
  std::chrono::milliseconds ping_timeout{20000};

  /// permessage-deflate; not offered unless enabled.
  Compression compression{};

  /// Bytes of a message, inflated; a longer one ends with close code 1009 as soon as that is
  /// known. It also bounds messages that come in chunks: set it to what you are willing to take
  /// in all.
  std::size_t max_message = std::size_t{16} << 20;
  /// Payload bytes of one data frame as they are sent, compressed or not; 1009. 0: max_message
  /// alone is the limit.
  std::size_t max_frame = 0;
  /// Frames of a message that bring no byte and are not its last; 1009. Others need no limit of
  /// their own: a fragment costs nothing but its bytes.
  std::size_t max_empty_fragments = 1024;
  std::size_t max_header = std::size_t{64} << 10;  ///< of the response, 128 fields at most
  /// Buffered bytes above which send() answers kQueued.
  std::size_t send_high_water = std::size_t{1} << 20;
  std::size_t send_limit = std::size_t{64} << 20;  ///< and above which it refuses

  Callbacks callbacks{};  ///< replaceable later: WebSocket::callbacks()
  /// Told instead of `callbacks`, which then are never called; it must outlive the WebSocket.
  WebSocketHandler* handler = nullptr;
};

/// The error of phase kOptions that a WebSocket made with these would report before it dials;
/// nullopt when there is none. Nothing is sent, and no file is read: `tls` is for
/// make_tls_context() to judge.
WS_EXPORT [[nodiscard]] std::optional<Error> check_options(std::string_view url,
                                                           const Options& options);

}  // namespace ws
