// SPDX-License-Identifier: MIT
// URLs, and what is written like them: proxies, origins, resolve entries, no_proxy, addresses of
// the configuration. What is taken can be written again and means the same.
#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include <ws/url.h>

#include "config/address.h"
#include "config/cidr.h"
#include "fuzz/support/input.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/host.h"
#include "protocol/no_proxy.h"
#include "protocol/proxy.h"
#include "protocol/redirect.h"
#include "protocol/resolve_override.h"

namespace fuzz {
namespace {

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

void check_host(std::string_view host) {
  require(!host.empty() && is_visible(host), "a host is visible");
  require(std::none_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
          "and lower case");
  require(host.find(':') == std::string_view::npos || ws::protocol::is_ipv6_address(host),
          "what has a colon is IPv6");
  require(host.find_first_of("/?#@[]\\") == std::string_view::npos, "and nothing but a host");
}

void check_url(std::string_view text) {
  const auto url = ws::parse_url(text);
  if (!url) {
    require(url.error().phase == ws::Phase::kOptions && !url.error().message.empty(), "says why");
    return;
  }
  check_host(url->host);
  require(url->target.starts_with('/') && is_visible(url->target), "a target is one");
  require(url->target.find('#') == std::string::npos, "without a fragment");
  require(!has_control(url->user) && !has_control(url->password), "credentials are lines");
  require(url->path().starts_with('/') && url->target.starts_with(url->path()), "a path is in it");
  require(
      url->redacted().find('@') == std::string::npos || url->path().find('@') != std::string::npos,
      "no user information is shown");
  const std::string scheme = url->secure ? "wss://" : "ws://";
  const auto again = ws::parse_url(scheme + url->authority() + url->target);
  require(again && again->host == url->host && again->port == url->port &&
              again->secure == url->secure && again->target == url->target && again->user.empty(),
          "what is written again is the same");
  require(ws::protocol::origin_of(*again) == ws::protocol::origin_of(*url), "of one origin");
}

void check_proxy(std::string_view text) {
  const auto proxy = ws::protocol::parse_proxy(text);
  if (!proxy) {
    require(!proxy.error().message.empty(), "says why");
    return;
  }
  check_host(proxy->host);
  require(proxy->user.size() <= text.size() && proxy->password.size() <= text.size(), "bounded");
  const auto again = ws::protocol::parse_proxy(proxy->authority());
  require(again && again->host == proxy->host && again->port == proxy->port &&
              !again->has_credentials(),
          "a proxy's authority is one");
}

void check_origin(std::string_view text) {
  const auto origin = ws::protocol::parse_origin(text);
  if (origin) {
    check_host(origin->host);
    const auto url = ws::parse_url((origin->secure ? "wss://" : "ws://") +
                                   ws::protocol::host_and_port(origin->host, origin->port) + "/");
    require(url && ws::protocol::origin_of(*url) == *origin, "an origin is that of its URL");
  }
}

void check_resolve(Input& input) {
  const std::string key(input.line());
  const std::string value(input.line());
  const auto overrides = ws::protocol::parse_resolve({{key, value}});
  if (overrides) {
    require(overrides->size() == 1, "an entry is one");
    const auto& entry = overrides->front();
    require(entry.addresses.size() <= 32, "addresses are bounded");
    require(entry.addresses.empty() != entry.unix_path.empty(), "one of the two");
    for (const std::string& address : entry.addresses) {
      require(ws::protocol::is_ip_address(address), "addresses are literals");
    }
    const std::string host = entry.host == "*" ? "any.example" : entry.host;
    require(ws::protocol::find_override(*overrides, host, entry.port) == &entry, "it is found");
  }
}

void check_no_proxy(Input& input) {
  const auto port = static_cast<std::uint16_t>(input.pick({443, 80, 8080}));
  const std::string host(input.line());
  const std::string list(input.rest());
  const bool is_in = ws::protocol::is_in_no_proxy(list, host, port);
  require(!is_in || ws::protocol::is_in_no_proxy(list + ",other.example", host, port),
          "more servers do not take one away");
}

void check_address(std::string_view text) {
  namespace config = wsbridged::config;
  const auto parsed = config::parse_address(text);
  const auto* address = std::get_if<config::Address>(&parsed);
  if (address != nullptr) {
    const auto again = config::parse_address(config::to_string(*address));
    require(std::holds_alternative<config::Address>(again) &&
                std::get<config::Address>(again) == *address,
            "an address is written as it is read");
  }
  const auto cidr = config::parse_cidr(text);
  if (const auto* network = std::get_if<config::Cidr>(&cidr)) {
    const auto again = config::parse_cidr(config::to_string(*network));
    require(
        std::holds_alternative<config::Cidr>(again) && std::get<config::Cidr>(again) == *network,
        "so is a network");
    require(network->contains(network->network), "which holds its own address");
  }
  if (const auto ip = config::parse_ip(text)) {
    require(config::parse_ip(config::to_string(*ip)) == ip, "and an address alone");
  }
}

}  // namespace

void url(std::string_view bytes) {
  Input input(bytes);
  switch (input.below(6)) {
    case 0:
      return check_url(input.rest());
    case 1:
      return check_proxy(input.rest());
    case 2:
      return check_origin(input.rest());
    case 3:
      return check_resolve(input);
    case 4:
      return check_no_proxy(input);
    default:
      return check_address(input.rest());
  }
}

}  // namespace fuzz
