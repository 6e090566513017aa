// SPDX-License-Identifier: MIT
#include "protocol/proxy.h"

#include <array>
#include <span>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/authority.h"
#include "protocol/http_connect.h"
#include "protocol/no_proxy.h"
#include "protocol/socks5.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kMaxProxyUrl = std::size_t{8} << 10;
constexpr std::uint16_t kDefaultPort = 1080;
// RFC 1929 section 2: their lengths are one byte each.
constexpr std::size_t kMaxSocksCredential = 255;

using Names = std::array<const char*, 6>;
constexpr Names kSecureNames = {"wss_proxy",   "WSS_PROXY", "https_proxy",
                                "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
constexpr std::array<const char*, 5> kPlainNames = {"ws_proxy", "WS_PROXY", "http_proxy",
                                                    "all_proxy", "ALL_PROXY"};

Error invalid_proxy(const std::string& what) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidOption,
          .message = "invalid proxy: " + what};
}

Result<ProxyKind> parse_kind(const std::string& scheme) {
  if (scheme == "http") {
    return ProxyKind::kHttp;
  }
  if (scheme == "socks5" || scheme == "socks5h") {
    return ProxyKind::kSocks5;
  }
  if (scheme == "https") {
    return invalid_proxy(
        "TLS to the proxy itself (https://) is not supported; with http:// a wss connection is "
        "still encrypted from here to the server");
  }
  return invalid_proxy("the scheme must be http, socks5 or socks5h");
}

struct Setting {
  const char* name = "";
  std::string value{};
};

// The first of these variables that is not empty.
Setting first_set(std::span<const char* const> names, const EnvironmentLookup& look_up) {
  for (const char* name : names) {
    if (std::string value = look_up(name); !value.empty()) {
      return {.name = name, .value = std::move(value)};
    }
  }
  return {};
}

}  // namespace

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string text = is_ipv6 ? "[" : "";
  text.append(host).append(is_ipv6 ? "]:" : ":");
  return text + std::to_string(port);
}

std::string Proxy::authority() const {
  return host_and_port(host, port);
}

Result<Proxy> parse_proxy(std::string_view text) {
  if (text.size() > kMaxProxyUrl) {
    return invalid_proxy("it is longer than 8 KiB");
  }
  const std::size_t scheme_end = text.find("://");
  const bool has_scheme = scheme_end != std::string_view::npos;
  const auto kind = parse_kind(has_scheme ? lower_case(text.substr(0, scheme_end)) : "http");
  if (!kind) {
    return kind.error();
  }
  text.remove_prefix(has_scheme ? scheme_end + 3 : 0);
  if (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  auto authority = parse_authority(text);
  if (!authority) {
    return invalid_proxy(authority.error().message);
  }
  if (kind.value() == ProxyKind::kSocks5 && (authority->user.size() > kMaxSocksCredential ||
                                             authority->password.size() > kMaxSocksCredential)) {
    return invalid_proxy("user and password have at most 255 bytes each (RFC 1929)");
  }
  return Proxy{.kind = kind.value(),
               .host = std::move(authority->host.name),
               .port = authority->port.value_or(kDefaultPort),
               .user = std::move(authority->user),
               .password = std::move(authority->password)};
}

Result<std::optional<Proxy>> proxy_from_environment(const Url& url,
                                                    const EnvironmentLookup& look_up) {
  const Setting setting =
      url.secure ? first_set(kSecureNames, look_up) : first_set(kPlainNames, look_up);
  if (setting.value.empty()) {
    return std::optional<Proxy>();
  }
  constexpr std::array no_proxy_names = {"no_proxy", "NO_PROXY"};
  if (is_in_no_proxy(first_set(no_proxy_names, look_up).value, url.host, url.port)) {
    return std::optional<Proxy>();
  }
  auto proxy = parse_proxy(setting.value);
  if (!proxy) {
    Error error = proxy.error();
    error.message = std::string("environment variable ") + setting.name + ": " + error.message;
    return error;
  }
  return std::optional(std::move(*proxy));
}

std::unique_ptr<ProxyDialogue> make_proxy_dialogue(const Proxy& proxy, std::string_view host,
                                                   std::uint16_t port, std::size_t max_header) {
  if (proxy.kind == ProxyKind::kSocks5) {
    return std::make_unique<Socks5>(proxy, host, port);
  }
  return std::make_unique<HttpConnect>(proxy, host, port, max_header);
}

}  // namespace ws::protocol
