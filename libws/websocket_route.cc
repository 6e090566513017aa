// SPDX-License-Identifier: MIT
#include "websocket_route.h"

#include <cstdlib>
#include <optional>
#include <utility>

namespace ws {
namespace {

constexpr const char* kFromEnvironment = "env";

Result<std::optional<protocol::Proxy>> choose_proxy(
    const Url& url, const std::string& setting, const protocol::EnvironmentLookup& environment) {
  if (setting.empty()) {
    return std::optional<protocol::Proxy>();
  }
  if (setting == kFromEnvironment) {
    return protocol::proxy_from_environment(url, environment);
  }
  auto proxy = protocol::parse_proxy(setting);
  if (!proxy) {
    return proxy.error();
  }
  return std::optional(std::move(*proxy));
}

void use_override(net::DialTarget& target, const protocol::ResolveOverride* given) {
  if (given != nullptr) {
    target.addresses = given->addresses;
    target.unix_path = given->unix_path;
  }
}

// The proxy is connected to, and told where to go.
void go_through(net::DialTarget& target, const protocol::Proxy& proxy, const Url& url,
                const Route& route) {
  const std::string& destination = target.addresses.empty() ? url.host : target.addresses.front();
  target.proxy = protocol::make_proxy_dialogue(proxy, destination, target.port, route.max_header);
  target.host = proxy.host;
  target.port = proxy.port;
  target.addresses.clear();
  use_override(target, protocol::find_override(route.overrides, proxy.host, proxy.port));
}

}  // namespace

void Route::leave_origin() {
  unix_path.clear();
  server_name.clear();
  client_certificate = net::ClientCertificate::kWithheld;
}

Result<Route> make_route(const Options& options) {
  if (!options.unix_path.empty() && !options.proxy.empty() && options.proxy != kFromEnvironment) {
    return Error{.phase = Phase::kOptions,
                 .code = ErrorCode::kInvalidOption,
                 .message = "unix_path and proxy: only one of them can be the way"};
  }
  auto overrides = protocol::parse_resolve(options.resolve);
  if (!overrides) {
    return overrides.error();
  }
  return Route{.proxy = options.proxy,
               .overrides = std::move(*overrides),
               .unix_path = options.unix_path,
               .server_name = options.tls.server_name,
               .tls_context = options.tls_context,
               .max_header = options.max_header};
}

Result<net::DialTarget> route_to(const Url& url, const Route& route,
                                 const protocol::EnvironmentLookup& environment) {
  net::DialTarget target{
      .host = url.lookup_name(),
      .port = url.port,
      .secure = url.secure,
      .tls = {.context = route.tls_context,
              .server_name = route.server_name.empty() ? url.host : route.server_name,
              .server = protocol::host_and_port(url.host, url.port),
              .client_certificate = route.client_certificate}};
  use_override(target, protocol::find_override(route.overrides, url.host, url.port));
  if (!route.unix_path.empty()) {
    target.unix_path = route.unix_path;
  }
  if (!target.unix_path.empty()) {
    return target;
  }
  const auto proxy = choose_proxy(url, route.proxy, environment);
  if (!proxy) {
    return proxy.error();
  }
  if (proxy.value()) {
    go_through(target, *proxy.value(), url, route);
  }
  return {std::move(target)};
}

std::string environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

}  // namespace ws
