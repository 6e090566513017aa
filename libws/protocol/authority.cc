// SPDX-License-Identifier: MIT
// The authority of a URL (RFC 3986 section 3.2): user information, host and port.
#include "protocol/authority.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

Error invalid(std::string message) {
  return {.phase = Phase::kOptions, .code = ErrorCode::kInvalidUrl, .message = std::move(message)};
}

bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_ascii);
}

int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = to_lower(c);
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
  if (!is_ascii_text(text) || text.find('@') != std::string_view::npos) {
    return invalid("the user information must be percent-encoded");
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password) {
    return invalid("a % in the user information is not followed by two hexadecimal digits");
  }
  // RFC 7617 section 2: neither may hold control characters, and a colon ends the user's name.
  if (std::any_of(user->begin(), user->end(), is_control) ||
      std::any_of(password->begin(), password->end(), is_control)) {
    return invalid("the user information holds a control character");
  }
  if (user->find(':') != std::string::npos) {
    return invalid("the user's name holds a colon");
  }
  return Credentials{.user = *std::move(user), .password = *std::move(password)};
}

// `text` is what follows the host: empty, or a colon and the port, which may be empty (RFC 3986
// section 3.2.3).
Result<std::optional<std::uint16_t>> parse_port(std::string_view text) {
  if (text.empty() || text == ":") {
    return std::optional<std::uint16_t>();
  }
  text.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (status != std::errc{} || end != text.data() + text.size() || port == 0) {
    return invalid("the port must be a number from 1 to 65535");
  }
  return std::optional(port);
}

Result<HostName> parse_ipv6(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return invalid("an IPv6 address with a zone cannot be used");
  }
  if (!is_ipv6_address(text)) {
    return invalid("what is between the brackets is not an IPv6 address");
  }
  return HostName{.name = lower_case(text)};
}

Result<HostName> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    return parse_ipv6(text.substr(1, text.size() - 2));
  }
  return parse_host_name(text);
}

// Where the host ends in "host:port".
Result<std::size_t> find_host_end(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return invalid("the bracket of an IPv6 address is not closed");
    }
    if (end + 1 < text.size() && text[end + 1] != ':') {
      return invalid("an IPv6 address in brackets is followed by neither a port nor a path");
    }
    return end + 1;
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    return invalid("an IPv6 address must be in brackets");
  }
  return std::min(colon, text.size());
}

}  // namespace

Result<Authority> parse_authority(std::string_view text) {
  Authority authority;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    auto credentials = parse_user_information(text.substr(0, at));
    if (!credentials) {
      return credentials.error();
    }
    authority.user = std::move(credentials->user);
    authority.password = std::move(credentials->password);
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
  authority.host = std::move(*host);
  auto port = parse_port(text.substr(host_end.value()));
  if (!port) {
    return port.error();
  }
  authority.port = *port;
  return authority;
}

}  // namespace ws::protocol
