// SPDX-License-Identifier: MIT
// WebSocket URLs (RFC 6455 section 3, RFC 3986).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ws/error.h>

namespace ws {

// A parsed ws:// or wss:// URL. Every field is safe to put into a request line or a header: control
// characters, spaces and fragments are refused by parse_url().
struct Url {
  bool secure = false;
  std::string host;  // lower case, an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string target;  // path and query, at least "/"
  std::string user;    // from user information, percent-decoded; empty when absent
  std::string password;

  [[nodiscard]] bool is_ipv6() const { return host.find(':') != std::string::npos; }

  // The path part of target, for cookies.
  [[nodiscard]] std::string_view path() const;
  // Host for the Host header: brackets for IPv6, the port only when it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  // Without user information and query: fit for logs.
  [[nodiscard]] std::string redacted() const;
};

// At most 8 KiB. Errors have phase kOptions and name what is wrong, never the secret in it.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace ws
