// SPDX-License-Identifier: MIT
// Which way leads to a server, out of proxy, resolve, unix_path and the environment.
#include "websocket_route.h"

#include <map>
#include <string>
#include <vector>

#include "support/catch.h"

namespace ws {
namespace {

using Environment = std::map<std::string, std::string>;
using Addresses = std::vector<std::string>;

Result<net::DialTarget> find(const Options& options, const std::string& url,
                             const Environment& environment = {}) {
  return route_to(parse_url(url).value(), make_route(options).value(),
                  [&environment](const std::string& name) {
                    const auto found = environment.find(name);
                    return found != environment.end() ? found->second : std::string();
                  });
}

net::DialTarget way(const Options& options, const std::string& url = "wss://chat.example/",
                    const Environment& environment = {}) {
  auto target = find(options, url, environment);
  REQUIRE(target);
  return std::move(*target);
}

}  // namespace

TEST_CASE("route: without options it is the URL's host, and TLS is for that name") {
  const net::DialTarget target = way({});
  CHECK(target.host == "chat.example");
  CHECK(target.port == 443);
  CHECK(target.secure);
  CHECK(target.tls.server_name == "chat.example");
  CHECK(target.tls.server == "chat.example:443");
  CHECK(target.proxy == nullptr);
  CHECK(target.addresses.empty());
  CHECK_FALSE(way({}, "ws://chat.example/").secure);
}

TEST_CASE("route: a name with a trailing dot is looked up so and verified without it") {
  const net::DialTarget target = way({}, "wss://chat.example.com./");
  CHECK(target.host == "chat.example.com.");
  CHECK(target.tls.server_name == "chat.example.com");
}

TEST_CASE("route: a proxy is connected to and told the server; TLS stays the server's") {
  Options options;
  options.proxy = "socks5://me:pw@proxy.example:9050";
  options.tls.server_name = "front.example";
  const net::DialTarget target = way(options);
  CHECK(target.host == "proxy.example");
  CHECK(target.port == 9050);
  REQUIRE(target.proxy != nullptr);
  CHECK(target.proxy->proxy() == "proxy.example:9050");
  CHECK(target.proxy->destination() == "chat.example:443");
  CHECK(target.tls.server_name == "front.example");
  CHECK(target.tls.server == "chat.example:443");
}

TEST_CASE("route: the environment is asked only when it shall be") {
  const Environment environment = {{"wss_proxy", "http://p:3128"}, {"no_proxy", "direct.example"}};
  Options options;
  CHECK(way(options, "wss://chat.example/", environment).proxy == nullptr);
  options.proxy = "env";
  CHECK(way(options, "wss://chat.example/", environment).host == "p");
  CHECK(way(options, "wss://direct.example/", environment).proxy == nullptr);
  CHECK(way(options, "ws://chat.example/", environment).proxy == nullptr);
  options.unix_path = "/run/x";
  CHECK(way(options, "wss://chat.example/", environment).proxy == nullptr);
  // One that is named in the options is asked for every server, as no_proxy speaks of the others.
  options.unix_path.clear();
  options.proxy = "http://other";
  CHECK(way(options, "wss://direct.example/", environment).host == "other");
}

TEST_CASE("route: a proxy that cannot be used fails in phase options") {
  Options options;
  options.proxy = "https://p";
  CHECK(find(options, "ws://h/").error().phase == Phase::kOptions);
  options.proxy = "env";
  CHECK_FALSE(find(options, "ws://h/", {{"all_proxy", "ftp://p"}}));
}

TEST_CASE("route: overrides replace the look-up and nothing else, as curl --resolve") {
  Options options;
  options.resolve = {{"chat.example:443", "192.0.2.1, [2001:db8::1]"},
                     {"*:8443", "192.0.2.9"},
                     {"local.example:80", "unix:/run/x.sock"}};
  const net::DialTarget target = way(options);
  CHECK(target.addresses == Addresses{"192.0.2.1", "2001:db8::1"});
  CHECK(target.tls.server_name == "chat.example");
  CHECK(way(options, "wss://chat.example:8443/").addresses == Addresses{"192.0.2.9"});
  CHECK(way(options, "wss://chat.example:444/").addresses.empty());
  CHECK(way(options, "ws://local.example/").unix_path == "/run/x.sock");
}

TEST_CASE("route: an override tells a proxy the address, and where the proxy is") {
  Options options;
  options.proxy = "http://proxy.example:3128";
  options.resolve = {{"chat.example:443", "192.0.2.1"},
                     {"proxy.example:3128", "192.0.2.3"},
                     {"local.example:443", "unix:/run/x.sock"}};
  const net::DialTarget target = way(options);
  CHECK(target.addresses == Addresses{"192.0.2.3"});
  CHECK(target.proxy->destination() == "192.0.2.1:443");
  CHECK(way(options, "wss://local.example/").proxy == nullptr);
}

}  // namespace ws
