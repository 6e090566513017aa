// SPDX-License-Identifier: MIT
// Parsing of ws and wss URLs (RFC 6455 section 3, RFC 3986 sections 2 and 3). No message repeats a
// part of the URL: a misplaced character can make a password look like any other part.
#include <algorithm>
#include <optional>
#include <string>

#include <ws/url.h>

#include "protocol/ascii.h"
#include "protocol/authority.h"

namespace ws {
namespace {

constexpr std::size_t kMaxUrl = std::size_t{8} << 10;
constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kSecurePort = 443;

Error invalid_url(std::string_view what) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidUrl,
          .message = "invalid URL: " + std::string(what)};
}

std::uint16_t default_port(bool secure) {
  return secure ? kSecurePort : kPlainPort;
}

// What no part of the URL may contain.
std::optional<Error> check_characters(std::string_view text) {
  for (const char c : text) {
    if (protocol::is_control(c)) {
      return invalid_url("it holds a control character");
    }
    if (c == ' ') {
      return invalid_url("it holds a space; write %20");
    }
    if (c == '\\') {
      return invalid_url("it holds a backslash; write / or %5C");
    }
    // RFC 6455 section 3: fragments are meaningless for WebSocket and must not be used.
    if (c == '#') {
      return invalid_url("it holds a fragment; write %23 for a # that is part of the path");
    }
  }
  return std::nullopt;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), protocol::is_ascii);
}

// Is it wss?
Result<bool> parse_scheme(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) {
    return invalid_url("it must begin with ws:// or wss://");
  }
  const std::string scheme = protocol::lower_case(text.substr(0, end));
  if (scheme == "http" || scheme == "https") {
    return invalid_url(scheme == "http" ? "use ws:// instead of http://"
                                        : "use wss:// instead of https://");
  }
  if (scheme != "ws" && scheme != "wss") {
    return invalid_url("the scheme must be ws or wss");
  }
  return scheme == "wss";
}

Result<Url> parse_server(std::string_view text, bool secure) {
  auto authority = protocol::parse_authority(text);
  if (!authority) {
    return invalid_url(authority.error().message);
  }
  return Url{.secure = secure,
             .host = std::move(authority->host.name),
             .port = authority->port.value_or(default_port(secure)),
             .user = std::move(authority->user),
             .password = std::move(authority->password),
             .absolute = authority->host.absolute};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl) {
    return invalid_url("it is longer than 8 KiB");
  }
  if (auto error = check_characters(text)) {
    return *std::move(error);
  }
  const auto secure = parse_scheme(text);
  if (!secure) {
    return secure.error();
  }
  text.remove_prefix(text.find("://") + 3);
  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  auto url = parse_server(text.substr(0, authority_end), secure.value());
  if (!url) {
    return url.error();
  }
  url->target = text.substr(authority_end);
  if (!url->target.starts_with('/')) {
    url->target.insert(0, "/");
  }
  if (!is_ascii(url->target)) {
    return invalid_url("the path or query holds a character that is not ASCII; percent-encode it");
  }
  return url;
}

std::string_view Url::path() const {
  const std::string_view text = target;
  return text.substr(0, text.find('?'));
}

std::string Url::lookup_name() const {
  return absolute ? host + '.' : host;
}

std::string Url::authority() const {
  std::string text = is_ipv6() ? '[' + host + ']' : host;
  if (port != default_port(secure)) {
    text += ':' + std::to_string(port);
  }
  return text;
}

std::string Url::redacted() const {
  return (secure ? "wss://" : "ws://") + authority() + std::string(path());
}

}  // namespace ws
