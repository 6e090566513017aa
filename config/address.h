// SPDX-License-Identifier: MIT
// Where to listen: HOST:PORT, [V6]:PORT, :PORT, unix:PATH, unix:@ABSTRACT, systemd:NAME.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace wsbridged::config {

struct TcpAddress {
  std::string host;  // empty: all addresses; a name or an address without brackets
  std::uint16_t port = 0;
  bool operator==(const TcpAddress&) const = default;
};

struct UnixAddress {
  std::string path;  // without "unix:"; an abstract one without its '@'
  bool abstract = false;
  bool operator==(const UnixAddress&) const = default;
};

// Sockets that systemd passes by that name, whatever they are bound to.
struct SystemdAddress {
  std::string name;
  bool operator==(const SystemdAddress&) const = default;
};

using Address = std::variant<TcpAddress, UnixAddress, SystemdAddress>;

// The text form, as in the configuration.
[[nodiscard]] std::string to_string(const Address& address);

// The address, or what is wrong with `text` in words.
[[nodiscard]] std::variant<Address, std::string> parse_address(std::string_view text);

// Only this machine can reach it: localhost, 127.0.0.0/8 or ::1. Any other name is not, whatever it
// resolves to.
[[nodiscard]] bool is_loopback(const TcpAddress& address);

// Can both not be bound: the same, or one is all addresses of the other's port. Port 0 never.
[[nodiscard]] bool overlap(const Address& a, const Address& b);

}  // namespace wsbridged::config
