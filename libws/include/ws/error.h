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

namespace ws {

// How far the connection had come when it failed.
enum class Phase : std::uint8_t {
  kOptions,  // the URL or an option is unusable; nothing was sent
  kResolve,  // name resolution
  kConnect,  // TCP or Unix connect, all addresses tried
  kProxy,    // asking a proxy for the connection
  kTls,      // TLS handshake, certificate verification included
  kHttp,     // upgrade request and response
  kOpen,     // the WebSocket was open
};

enum class ErrorCode : std::uint8_t {
  kInvalidUrl,
  kInvalidOption,
  kResolveFailed,
  kConnectFailed,
  kTlsFailed,            // the handshake itself failed
  kCertificateRejected,  // chain, expiry or host name
  kHttpStatus,           // the server answered, but not with 101: see Error::response
  kHandshakeRejected,    // a 101 (or no HTTP at all) that breaks RFC 6455 section 4.1
  kProtocolViolation,    // close code 1002
  kInvalidUtf8,          // close code 1007
  kInvalidCompression,   // close code 1007: a compressed message that cannot be inflated
  kMessageTooBig,        // close code 1009
  kConnectionLost,       // the TCP or TLS connection ended without a closing handshake (1006)
  kTimeout,              // connect_timeout passed; phase tells where
  kPingTimeout,          // nothing was received for ping_timeout after a ping
  kCallbackThrew,        // a user callback threw: see Error::cause
  kProxyRefused,         // the proxy answered, but gives no connection; HTTP: see Error::response
  kProxyViolation,       // the proxy's answer is neither HTTP nor SOCKS5
  kRedirectRefused,      // a redirect that must not be followed: see Error::response
};

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

// A response head and a bounded part of its body (at most 64 KiB).
struct HttpResponse {
  int status = 0;
  std::string reason;
  std::vector<Header> headers;
  std::string body;

  // The first value of a header, compared without case; nullptr when absent.
  [[nodiscard]] const std::string* find(std::string_view name) const;
};

struct Error {
  Phase phase = Phase::kOptions;
  ErrorCode code = ErrorCode::kInvalidOption;
  // One line for people: what failed, where and why. It holds no secret and no text from the peer
  // but the status line of a response and the origin that a redirect leads to.
  std::string message;
  int system_errno = 0;                    // 0 when no system call is to blame
  std::optional<HttpResponse> response{};  // of the server, or of an HTTP proxy in phase kProxy
  std::exception_ptr cause{};              // for kCallbackThrew
};

// "resolve", "connect", "tls", …: the one spelling used in logs, metrics and messages.
[[nodiscard]] std::string_view to_string(Phase phase);
// "resolve_failed", "certificate_rejected", …
[[nodiscard]] std::string_view to_string(ErrorCode code);

// Thrown by EventLoop::run() for an error that no on_error callback took.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error);

  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// A value or the Error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): so that a function returns either as it is
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }

  // Preconditions: value() and the arrows need a value, error() an error.
  [[nodiscard]] T& value() { return std::get<0>(state_); }

  [[nodiscard]] const T& value() const { return std::get<0>(state_); }

  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  T* operator->() { return &value(); }

  T& operator*() { return value(); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace ws
