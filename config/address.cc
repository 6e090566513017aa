// SPDX-License-Identifier: MIT
// Reading, writing and comparing addresses to listen on. Nothing is resolved here.
#include "config/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "config/ascii.h"

namespace wsbridged::config {
namespace {

constexpr std::string_view kForms =
    "must be HOST:PORT, [V6]:PORT, :PORT, unix:PATH, unix:@ABSTRACT or systemd:NAME";
constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxSystemdName = 255;  // systemd.socket(5), FileDescriptorName=
// With the zero byte that ends a path, or begins an abstract name.
constexpr std::size_t kMaxUnixPath = sizeof(sockaddr_un{}.sun_path) - 1;

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 13> kMappedLoopback = {0, 0, 0, 0,    0,    0,  0,
                                                          0, 0, 0, 0xff, 0xff, 127};

// One address that a host stands for, as far as that is known without a resolver.
struct Literal {
  int family;
  Bytes bytes;
  bool is_any;
};

bool is_name_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::optional<Literal> parse_literal(const std::string& host) {
  Literal literal{AF_INET, {}, false};
  if (inet_pton(AF_INET, host.c_str(), literal.bytes.data()) != 1) {
    literal.family = AF_INET6;
    if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), literal.bytes.data()) != 1) {
      return std::nullopt;
    }
  }
  literal.is_any = literal.bytes == Bytes{};
  return literal;
}

std::vector<Literal> literals_of(const std::string& host) {
  if (host.empty()) {
    return {{AF_INET, {}, true}, {AF_INET6, {}, true}};
  }
  if (host == "localhost") {
    return {*parse_literal("127.0.0.1"), *parse_literal("::1")};
  }
  const auto literal = parse_literal(host);
  return literal ? std::vector{*literal} : std::vector<Literal>{};
}

bool is_loopback_literal(const Literal& literal) {
  if (literal.family == AF_INET) {
    return literal.bytes[0] == 127;
  }
  // ::1, or IPv4's in ::ffff:127.0.0.0/104
  Bytes one{};
  one.back() = 1;
  return literal.bytes == one ||
         std::equal(kMappedLoopback.begin(), kMappedLoopback.end(), literal.bytes.begin());
}

std::optional<std::string> refuse_port(std::string_view text) {
  const bool is_number =
      !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
  if (!is_number || std::stoul(std::string(text)) > 65535) {
    return "must end with a port from 0 to 65535";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_ipv6(const std::string& host) {
  const std::size_t percent = host.find('%');
  const std::string zone = percent == std::string::npos ? "0" : host.substr(percent + 1);
  const auto literal = parse_literal(host);
  if (!literal || literal->family != AF_INET6 || zone.empty() ||
      !std::all_of(zone.begin(), zone.end(),
                   [](char c) { return is_name_character(c) || c == '.'; })) {
    return "must hold an IPv6 address in its brackets";
  }
  return std::nullopt;
}

bool are_labels(std::string_view host) {
  while (true) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (label.empty() || label.size() > kMaxLabel ||
        !std::all_of(label.begin(), label.end(), is_name_character)) {
      return false;
    }
    if (label.size() == host.size()) {
      return true;
    }
    host.remove_prefix(label.size() + 1);
  }
}

std::optional<std::string> refuse_name(const std::string& host) {
  if (host.empty() || parse_literal(host)) {
    return std::nullopt;
  }
  // Digits and dots only: meant as an IPv4 address (the resolver would read 127.1 as one).
  if (std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; })) {
    return "must hold a whole IPv4 address or a host name";
  }
  if (host.size() > kMaxHost || !are_labels(host)) {
    return "must hold a host name of letters, digits, '-', '_' and '.'";
  }
  return std::nullopt;
}

std::variant<Address, std::string> parse_unix(std::string_view path) {
  UnixAddress address;
  address.abstract = path.starts_with('@');
  address.path = path.substr(address.abstract ? 1 : 0);
  if (address.path.empty()) {
    return "must have a path or a name behind unix:";
  }
  if (address.path.size() > kMaxUnixPath || address.path.find('\0') != std::string::npos) {
    return "must have a path of at most " + std::to_string(kMaxUnixPath) +
           " bytes without a zero byte behind unix:";
  }
  return address;
}

// systemd separates names with ':' and admits no control characters in them.
std::variant<Address, std::string> parse_systemd(std::string_view name) {
  const bool is_plain = std::all_of(name.begin(), name.end(),
                                    [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
  if (name.empty() || name.size() > kMaxSystemdName || !is_plain) {
    return "must have a FileDescriptorName= behind systemd:, 1 to " +
           std::to_string(kMaxSystemdName) + " ASCII characters without spaces and ':'";
  }
  return SystemdAddress{std::string(name)};
}

std::variant<Address, std::string> parse_tcp(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('\0') != std::string_view::npos) {
    return std::string(kForms);
  }
  const std::string_view port = text.substr(colon + 1);
  TcpAddress address{lower(text.substr(0, colon)), 0};
  if (auto reason = refuse_port(port)) {
    return *reason;
  }
  address.port = static_cast<std::uint16_t>(std::stoul(std::string(port)));
  const bool has_brackets = address.host.starts_with('[') && address.host.ends_with(']');
  if (has_brackets) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return "must have brackets around an IPv6 address: [V6]:PORT";
  }
  if (auto reason = has_brackets ? refuse_ipv6(address.host) : refuse_name(address.host)) {
    return *reason;
  }
  return address;
}

bool overlap(const TcpAddress& a, const TcpAddress& b) {
  if (a.port != b.port || a.port == 0) {
    return false;
  }
  if (a.host == b.host) {
    return true;
  }
  const auto theirs = literals_of(b.host);
  for (const Literal& mine : literals_of(a.host)) {
    for (const Literal& other : theirs) {
      if (mine.family == other.family &&
          (mine.is_any || other.is_any || mine.bytes == other.bytes)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::string to_string(const Address& address) {
  if (const auto* unix_address = std::get_if<UnixAddress>(&address)) {
    return (unix_address->abstract ? "unix:@" : "unix:") + unix_address->path;
  }
  if (const auto* systemd = std::get_if<SystemdAddress>(&address)) {
    return "systemd:" + systemd->name;
  }
  const auto& tcp = std::get<TcpAddress>(address);
  const bool is_ipv6 = tcp.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + tcp.host + "]" : tcp.host) + ":" + std::to_string(tcp.port);
}

std::variant<Address, std::string> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    return parse_unix(text.substr(5));
  }
  if (text.starts_with("systemd:")) {
    return parse_systemd(text.substr(8));
  }
  return parse_tcp(text);
}

bool is_loopback(const TcpAddress& address) {
  const auto literals = literals_of(address.host);
  return !literals.empty() && std::all_of(literals.begin(), literals.end(), is_loopback_literal);
}

bool overlap(const Address& a, const Address& b) {
  const auto* a_tcp = std::get_if<TcpAddress>(&a);
  const auto* b_tcp = std::get_if<TcpAddress>(&b);
  return a_tcp != nullptr && b_tcp != nullptr ? overlap(*a_tcp, *b_tcp) : a == b;
}

}  // namespace wsbridged::config
