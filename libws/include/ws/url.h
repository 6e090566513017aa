// SPDX-License-Identifier: MIT
// WebSocket URLs (RFC 6455 section 3, RFC 3986).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ws/error.h>
#include <ws/export.h>

namespace ws {

/// A parsed ws:// or wss:// URL. Every field is safe to put into a request line or a header:
/// control characters, spaces and fragments are refused by parse_url().
struct WS_EXPORT Url {
  bool secure = false;      ///< wss
  std::string host{};       ///< lower case ASCII, without a trailing dot; IPv6 without its brackets
  std::uint16_t port = 80;  ///< 443 for wss, unless written
  std::string target{};     ///< path and query, at least "/"
  std::string user{};       ///< from user information, percent-decoded; empty when absent
  std::string password{};   ///< likewise
  bool absolute = false;    ///< the host was written with a trailing dot: see lookup_name()

  /// Is `host` an IPv6 literal?
  [[nodiscard]] bool is_ipv6() const { return host.find(':') != std::string::npos; }

  /// The path part of target, for cookies.
  [[nodiscard]] std::string_view path() const;
  /// Host for the Host header: brackets for IPv6, the port only when it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  /// What to resolve: a host written with a trailing dot keeps it here, so that no search list is
  /// tried; it is no part of the Host header, SNI, certificate checks and cookies.
  [[nodiscard]] std::string lookup_name() const;
  /// Without user information and query: fit for logs.
  [[nodiscard]] std::string redacted() const;
};

/// At most 8 KiB. Host names in UTF-8 are converted to ASCII (IDNA); an empty port is the scheme's
/// own (RFC 3986 3.2.3). Errors have phase kOptions and name what is wrong, never the secret in it.
WS_EXPORT [[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace ws
