// SPDX-License-Identifier: MIT
// Which way leads to the server of a URL: directly, through a proxy, to an address that was given,
// or to a Unix socket. Decides; connects to nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <ws/options.h>
#include <ws/url.h>

#include "net/dialer.h"
#include "protocol/proxy.h"
#include "protocol/resolve_override.h"

namespace ws {

// What the options say about the way, checked.
struct Route {
  std::string proxy{};  // as in Options
  std::vector<protocol::ResolveOverride> overrides{};
  std::string unix_path{};
  std::string server_name{};  // empty: the URL's host
  std::shared_ptr<const TlsContext> tls_context{};
  net::ClientCertificate client_certificate = net::ClientCertificate::kShown;
  std::size_t max_header = 0;  // of a proxy's response

  // What was said of the first server alone does not hold for another one.
  void leave_origin();
};

[[nodiscard]] Result<Route> make_route(const Options& options);

// Errors have phase kOptions: a proxy whose URL cannot be used.
[[nodiscard]] Result<net::DialTarget> route_to(const Url& url, const Route& route,
                                               const protocol::EnvironmentLookup& environment);

// The variables of this process. The program must not change them meanwhile on another thread.
[[nodiscard]] std::string environment_variable(const std::string& name);

}  // namespace ws
