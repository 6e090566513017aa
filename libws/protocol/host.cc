// SPDX-License-Identifier: MIT
// Checks of host names (RFC 1123 2.1, RFC 5890 2.3.1) and their conversion to ASCII by libidn2.
#include "protocol/host.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;

Error invalid_host(std::string message) {
  return {.phase = Phase::kOptions, .code = ErrorCode::kInvalidUrl, .message = std::move(message)};
}

constexpr std::size_t kIpv4Size = 4;
constexpr std::size_t kIpv6Size = 16;

std::optional<std::string> parse_address(int family, std::string_view text) {
  std::string address(family == AF_INET ? kIpv4Size : kIpv6Size, '\0');
  const bool is_valid = text.find('\0') == std::string_view::npos &&
                        ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
  return is_valid ? std::optional(std::move(address)) : std::nullopt;
}

bool is_address(int family, std::string_view text) {
  return parse_address(family, text).has_value();
}

Result<std::string> to_ascii(const std::string& text) {
  std::uint8_t* converted = nullptr;
  const int status = ::idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(text.c_str()),
                                      &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<void, void (*)(void*)> owner(converted, ::idn2_free);
  if (status != IDN2_OK) {
    return invalid_host(std::string("the international host name cannot be converted: ") +
                        ::idn2_strerror(status));
  }
  return std::string(reinterpret_cast<const char*>(converted));
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') {
    return false;
  }
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// As the WHATWG URL standard's "ends in a number": 1.2.3.4, 127.1, 0x7f.1, 2130706433.
bool ends_in_number(std::string_view name) {
  std::string_view label = name.substr(name.rfind('.') + 1);
  if (label.starts_with("0x")) {
    label.remove_prefix(2);
    return std::all_of(label.begin(), label.end(),
                       [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  }
  return std::all_of(label.begin(), label.end(), is_digit);
}

std::optional<Error> check_name(std::string_view name) {
  if (name.empty()) {
    return invalid_host("the host is empty");
  }
  if (name.size() > kMaxName) {
    return invalid_host("the host name is longer than 253 characters");
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (!is_label(name.substr(begin, end - begin))) {
      return invalid_host(
          "the host is not a name of letters, digits, hyphens and underscores, with labels of 1 to "
          "63 characters that neither begin nor end with a hyphen");
    }
    begin = end + 1;
  }
  if (ends_in_number(name) && !is_address(AF_INET, name)) {
    return invalid_host("the host ends in a number but is not an IPv4 address like 192.0.2.1");
  }
  return std::nullopt;
}

}  // namespace

bool is_ipv6_address(std::string_view text) {
  return is_address(AF_INET6, text);
}

bool is_ip_address(std::string_view text) {
  return is_address(AF_INET, text) || is_ipv6_address(text);
}

std::optional<std::string> address_bytes(std::string_view text) {
  auto address = parse_address(AF_INET, text);
  return address ? address : parse_address(AF_INET6, text);
}

Result<HostName> parse_host_name(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return invalid_host("the host holds a control character");
  }
  HostName host{.name = std::string(text)};
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    auto converted = to_ascii(host.name);
    if (!converted) {
      return converted.error();
    }
    host.name = std::move(*converted);
  }
  host.name = lower_case(host.name);
  if (host.name.ends_with('.')) {
    host.name.pop_back();
    host.absolute = true;
  }
  if (auto error = check_name(host.name)) {
    return *std::move(error);
  }
  return host;
}

}  // namespace ws::protocol
