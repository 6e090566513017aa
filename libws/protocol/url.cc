// SPDX-License-Identifier: MIT
// Parsing of ws and wss URLs (RFC 6455 section 3, RFC 3986 sections 2 and 3). No message repeats a
// part of the URL: a misplaced character can make a password look like any other part.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include <ws/url.h>

#include "protocol/ascii.h"
#include "protocol/host.h"

namespace ws {
namespace {

using protocol::HostName;

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

int hex_digit(char c) {
  if (protocol::is_digit(c)) {
    return c - '0';
  }
  const char lower = protocol::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

struct Credentials {
  std::string user;
  std::string password;
};

Result<Credentials> parse_user_information(std::string_view text) {
  if (!is_ascii(text) || text.find('@') != std::string_view::npos) {
    return invalid_url("the user information must be percent-encoded");
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password) {
    return invalid_url("a % in the user information is not followed by two hexadecimal digits");
  }
  // RFC 7617 section 2: neither may hold control characters, and a colon ends the user's name.
  if (std::any_of(user->begin(), user->end(), protocol::is_control) ||
      std::any_of(password->begin(), password->end(), protocol::is_control)) {
    return invalid_url("the user information holds a control character");
  }
  if (user->find(':') != std::string::npos) {
    return invalid_url("the user's name holds a colon");
  }
  return Credentials{.user = *std::move(user), .password = *std::move(password)};
}

// `text` is what follows the host: empty, or a colon and the port, which may be empty (RFC 3986
// section 3.2.3).
Result<std::uint16_t> parse_port(std::string_view text, bool secure) {
  if (text.empty() || text == ":") {
    return default_port(secure);
  }
  text.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (status != std::errc{} || end != text.data() + text.size() || port == 0) {
    return invalid_url("the port must be a number from 1 to 65535");
  }
  return port;
}

Result<HostName> parse_ipv6(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return invalid_url("an IPv6 address with a zone cannot be used");
  }
  if (!protocol::is_ipv6_address(text)) {
    return invalid_url("what is between the brackets is not an IPv6 address");
  }
  return HostName{.name = protocol::lower_case(text)};
}

Result<HostName> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    return parse_ipv6(text.substr(1, text.size() - 2));
  }
  auto host = protocol::parse_host_name(text);
  if (!host) {
    return invalid_url(host.error().message);
  }
  return host;
}

// Where the host ends in "host:port".
Result<std::size_t> find_host_end(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return invalid_url("the bracket of an IPv6 address is not closed");
    }
    if (end + 1 < text.size() && text[end + 1] != ':') {
      return invalid_url("an IPv6 address in brackets is followed by neither a port nor a path");
    }
    return end + 1;
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    return invalid_url("an IPv6 address must be in brackets");
  }
  return std::min(colon, text.size());
}

Result<Url> parse_authority(std::string_view text, bool secure) {
  Url url{.secure = secure};
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    auto credentials = parse_user_information(text.substr(0, at));
    if (!credentials) {
      return credentials.error();
    }
    url.user = std::move(credentials->user);
    url.password = std::move(credentials->password);
    text.remove_prefix(at + 1);
  }
  const auto host_end = find_host_end(text);
  if (!host_end) {
    return host_end.error();
  }
  auto host = parse_host(text.substr(0, host_end.value()));
  if (!host) {
    return host.error();
  }
  url.host = std::move(host->name);
  url.absolute = host->absolute;
  const auto port = parse_port(text.substr(host_end.value()), secure);
  if (!port) {
    return port.error();
  }
  url.port = port.value();
  return url;
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
  auto url = parse_authority(text.substr(0, authority_end), secure.value());
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
