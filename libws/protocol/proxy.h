// SPDX-License-Identifier: MIT
// Which proxy to ask, from its URL or from the environment as curl reads it. Asking it is
// proxy_dialogue.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ws/error.h>
#include <ws/url.h>

#include "protocol/proxy_dialogue.h"

namespace ws::protocol {

enum class ProxyKind : std::uint8_t { kHttp, kSocks5 };

struct Proxy {
  ProxyKind kind = ProxyKind::kHttp;
  std::string host{};  // as in Url
  std::uint16_t port = 0;
  std::string user{};
  std::string password{};

  [[nodiscard]] bool has_credentials() const { return !user.empty() || !password.empty(); }

  // "proxy.example:3128", without user information: fit for logs.
  [[nodiscard]] std::string authority() const;
};

// "host:port" for messages and CONNECT requests: IPv6 in brackets, the port always.
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

// [scheme://][user[:password]@]host[:port][/], where the scheme is http (also when there is none),
// socks5 or socks5h, which are the same here: the proxy looks the server's name up. The port is
// 1080 when there is none, as for curl. Errors have phase kOptions and repeat nothing of the text.
[[nodiscard]] Result<Proxy> parse_proxy(std::string_view text);

// The value of an environment variable, empty when it is not set.
using EnvironmentLookup = std::function<std::string(const std::string& name)>;

// The proxy that the environment names for `url`, nullopt for none, as curl decides it:
// - wss: wss_proxy, WSS_PROXY, https_proxy, HTTPS_PROXY; ws: ws_proxy, WS_PROXY, http_proxy, but
//   never HTTP_PROXY, which a CGI program receives from its client's Proxy header;
// - then all_proxy, ALL_PROXY. The first that is not empty counts.
// - no_proxy or NO_PROXY keeps a server from all of them: see no_proxy.h.
[[nodiscard]] Result<std::optional<Proxy>> proxy_from_environment(const Url& url,
                                                                  const EnvironmentLookup& look_up);

// Asks `proxy` for a connection to host and port. `max_header` bounds the head of a response.
[[nodiscard]] std::unique_ptr<ProxyDialogue> make_proxy_dialogue(const Proxy& proxy,
                                                                 std::string_view host,
                                                                 std::uint16_t port,
                                                                 std::size_t max_header);

}  // namespace ws::protocol
