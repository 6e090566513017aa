// SPDX-License-Identifier: MIT
// What can go wrong with a WebSocket: one value type that names the phase, the kind and the cause.
// libws reports errors as values; it throws only where a caller asked for it (EventLoop::run()).
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <ws/export.h>

namespace ws {

/// How far the connection had come when it failed.
enum class Phase : std::uint8_t {
  kOptions,  ///< the URL or an option is unusable; nothing was sent
  kResolve,  ///< name resolution
  kConnect,  ///< TCP or Unix connect, all addresses tried
  kProxy,    ///< asking a proxy for the connection
  kTls,      ///< TLS handshake, certificate verification included
  kHttp,     ///< upgrade request and response
  kOpen,     ///< the WebSocket was open
};

/// What went wrong. docs/libws/errors.md says what to do about each.
enum class ErrorCode : std::uint8_t {
  kInvalidUrl,           ///< not a ws:// or wss:// URL
  kInvalidOption,        ///< an option, or two that contradict each other
  kResolveFailed,        ///< the host has no address, or nobody could be asked
  kConnectFailed,        ///< no address took the connection
  kTlsFailed,            ///< the handshake itself failed
  kCertificateRejected,  ///< chain, expiry or host name
  kHttpStatus,           ///< the server answered, but not with 101: see Error::response
  kHandshakeRejected,    ///< a 101 (or no HTTP at all) that breaks RFC 6455 section 4.1
  kProtocolViolation,    ///< close code 1002
  kInvalidUtf8,          ///< close code 1007
  kInvalidCompression,   ///< close code 1007: a compressed message that cannot be inflated
  kMessageTooBig,        ///< close code 1009
  kConnectionLost,       ///< the TCP or TLS connection ended without a closing handshake (1006)
  kTimeout,              ///< connect_timeout passed; phase tells where
  kPingTimeout,          ///< nothing was received for ping_timeout after a ping
  kCallbackThrew,        ///< a user callback threw: see Error::cause
  kProxyRefused,         ///< the proxy answered, but gives no connection; HTTP: see Error::response
  kProxyViolation,       ///< the proxy's answer is neither HTTP nor SOCKS5
  kRedirectRefused,      ///< a redirect that must not be followed: see Error::response
};

/// A field of an HTTP request or response.
struct Header {
  std::string name;   ///< compared without case
  std::string value;  ///< without white space around it
  /// Equal names, case included, and equal values.
  bool operator==(const Header&) const = default;
};

/// A response head and a bounded part of its body (at most 64 KiB).
struct HttpResponse {
  int status = 0;               ///< such as 101 or 403
  std::string reason;           ///< the text behind it, may be empty; written by the peer
  std::vector<Header> headers;  ///< in the order of the wire
  std::string body;             ///< empty for a 101

  /// The first value of a header, compared without case; nullptr when absent.
  WS_EXPORT [[nodiscard]] const std::string* find(std::string_view name) const;
};

/// Why a WebSocket failed. A value: it owns all that it holds and may be kept.
struct Error {
  Phase phase = Phase::kOptions;               ///< how far it had come
  ErrorCode code = ErrorCode::kInvalidOption;  ///< what went wrong
  /// One line for people: what failed, where and why. It holds no secret and no text from the peer
  /// but the status code of a response and the origin that a redirect leads to.
  std::string message;
  int system_errno = 0;                    ///< 0 when no system call is to blame
  std::optional<HttpResponse> response{};  ///< of the server, or of an HTTP proxy in phase kProxy
  std::exception_ptr cause{};              ///< for kCallbackThrew
};

/// "resolve", "connect", "tls", …: the one spelling used in logs, metrics and messages.
WS_EXPORT [[nodiscard]] std::string_view to_string(Phase phase);
/// "resolve_failed", "certificate_rejected", …
WS_EXPORT [[nodiscard]] std::string_view to_string(ErrorCode code);

/// Thrown by EventLoop::run() for an error that no on_error callback took.
class WS_EXPORT Exception : public std::runtime_error {
 public:
  /// what() is the message of `error`.
  explicit Exception(Error error);

  /// The error that was thrown.
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// A value or the Error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  /// A success.
  // NOLINTNEXTLINE(google-explicit-constructor): so that a function returns either as it is
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  /// A failure.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  /// Is there a value?
  explicit operator bool() const noexcept { return state_.index() == 0; }

  /// The value. Precondition, as for the three below: there is one.
  [[nodiscard]] T& value() { return std::get<0>(state_); }

  /// The value.
  [[nodiscard]] const T& value() const { return std::get<0>(state_); }

  /// The error. Precondition: there is no value.
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  /// The value.
  const T* operator->() const { return &value(); }

  /// The value.
  const T& operator*() const { return value(); }

  /// The value.
  T* operator->() { return &value(); }

  /// The value.
  T& operator*() { return value(); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace ws
