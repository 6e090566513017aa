// SPDX-License-Identifier: MIT
// URLs of proxies, and the environment variables that name them, as curl reads both.
#include "protocol/proxy.h"

#include <map>
#include <string>
#include <vector>

#include "protocol/no_proxy.h"
#include "support/catch.h"

namespace {

using ws::protocol::is_in_no_proxy;
using ws::protocol::parse_proxy;
using ws::protocol::Proxy;
using ws::protocol::ProxyKind;

using Environment = std::map<std::string, std::string>;

ws::Result<std::optional<Proxy>> look_up(const std::string& url, const Environment& environment) {
  return ws::protocol::proxy_from_environment(
      ws::parse_url(url).value(), [&environment](const std::string& name) {
        const auto found = environment.find(name);
        return found != environment.end() ? found->second : std::string();
      });
}

// The host of the proxy, empty for none.
std::string proxy_for(const std::string& url, const Environment& environment) {
  const auto proxy = look_up(url, environment);
  REQUIRE(proxy);
  return proxy.value() ? proxy.value()->host : "";
}

TEST_CASE("proxy: a URL names kind, host, port and user, decoded", "[proxy]") {
  const auto proxy = parse_proxy("http://me:p%40ss@Proxy.Example:3128/");
  REQUIRE(proxy);
  CHECK(proxy.value().kind == ProxyKind::kHttp);
  CHECK(proxy.value().host == "proxy.example");
  CHECK(proxy.value().port == 3128);
  CHECK(proxy.value().user == "me");
  CHECK(proxy.value().password == "p@ss");
  CHECK(proxy.value().authority() == "proxy.example:3128");
  CHECK(parse_proxy("proxy.example").value().kind == ProxyKind::kHttp);
  CHECK(parse_proxy("proxy.example").value().port == 1080);  // curl's, of every scheme
  CHECK(parse_proxy("SOCKS5://[2001:db8::1]:9050").value().authority() == "[2001:db8::1]:9050");
  CHECK(parse_proxy("socks5h://h").value().kind == ProxyKind::kSocks5);
  CHECK_FALSE(parse_proxy("socks5h://h").value().has_credentials());
}

TEST_CASE("proxy: a URL that cannot be used is refused and not repeated", "[proxy]") {
  for (const std::string text :
       {"https://secret@proxy:3128", "socks4://secret@h", "ftp://secret", "http://secret:99999",
        "http://se%0acret@h", "http://a%3ab:secret@h", "http://h/secret", "http://", "",
        "http://secret[::1", "http://se cret"}) {
    INFO(text);
    const auto proxy = parse_proxy(text);
    REQUIRE_FALSE(proxy);
    CHECK(proxy.error().phase == ws::Phase::kOptions);
    CHECK(proxy.error().code == ws::ErrorCode::kInvalidOption);
    CHECK_THAT(proxy.error().message, StartsWith("invalid proxy: "));
    CHECK_THAT(proxy.error().message, !ContainsSubstring("cret"));
  }
  CHECK_THAT(parse_proxy("https://p").error().message, ContainsSubstring("https://"));
  CHECK_FALSE(parse_proxy("h" + std::string(8192, 'h')));
}

TEST_CASE("proxy: SOCKS5 takes 255 bytes of user and password each (RFC 1929 2)", "[proxy]") {
  const std::string most(255, 'a');
  CHECK(parse_proxy("socks5://" + most + ":" + most + "@h"));
  CHECK_FALSE(parse_proxy("socks5://" + most + "a@h"));
  CHECK_FALSE(parse_proxy("socks5://u:" + most + "a@h"));
  CHECK(parse_proxy("http://u:" + most + "a@h"));
}

TEST_CASE("proxy: the environment's variables in curl's order", "[proxy]") {
  const std::vector<std::string> secure = {"wss_proxy",   "WSS_PROXY", "https_proxy",
                                           "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  const std::vector<std::string> plain = {"ws_proxy", "WS_PROXY", "http_proxy", "all_proxy",
                                          "ALL_PROXY"};
  for (const auto& [url, names] : {std::pair("wss://h/", secure), std::pair("ws://h/", plain)}) {
    Environment environment;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      environment[*name] = "p" + std::to_string(name - names.rbegin());
      CHECK(proxy_for(url, environment) == environment[*name]);
    }
    environment[names.front()] = "";  // empty is unset
    CHECK(proxy_for(url, environment) == environment[names[1]]);
  }
  CHECK(proxy_for("ws://h/", {}).empty());
  // A CGI program's HTTP_PROXY is its client's Proxy header; the others are of the other scheme.
  CHECK(proxy_for("ws://h/", {{"HTTP_PROXY", "p"}, {"https_proxy", "p"}, {"wss_proxy", "p"}})
            .empty());
  CHECK(proxy_for("wss://h/", {{"http_proxy", "p"}, {"ws_proxy", "p"}}).empty());
}

TEST_CASE("proxy: a variable that cannot be used is an error that names it", "[proxy]") {
  const auto proxy = look_up("wss://h/", {{"https_proxy", "https://u:secret@p"}});
  REQUIRE_FALSE(proxy);
  CHECK_THAT(proxy.error().message, StartsWith("environment variable https_proxy: invalid proxy"));
  CHECK_THAT(proxy.error().message, !ContainsSubstring("secret"));
}

TEST_CASE("proxy: no_proxy before NO_PROXY keeps a server from every proxy", "[proxy]") {
  Environment environment = {{"all_proxy", "p"}, {"NO_PROXY", "h"}};
  CHECK(proxy_for("ws://h/", environment).empty());
  environment["no_proxy"] = "other";
  CHECK(proxy_for("ws://h/", environment) == "p");
  CHECK(proxy_for("ws://other/", environment).empty());
  environment["all_proxy"] = "https://unusable";  // and then nobody asks for it
  CHECK(proxy_for("ws://other/", environment).empty());
}

struct NoProxyCase {
  const char* list;
  const char* host;
  bool matches;
};

TEST_CASE("no_proxy: names, suffixes by whole labels, addresses, networks and ports", "[proxy]") {
  const std::vector<NoProxyCase> cases = {
      {"", "example.com", false},
      {"*", "example.com", true},
      {"other, *", "192.0.2.1", true},
      {"example.com", "example.com", true},
      {"example.com", "www.example.com", true},
      {"example.com", "nonexample.com", false},
      {"example.com", "example.org", false},
      {".example.com", "example.com", true},
      {".example.com", "a.b.example.com", true},
      {"*.example.com", "a.example.com", true},
      {"EXAMPLE.com.", "example.com", true},
      {"www.example.com", "example.com", false},
      {"a b\texample.com", "example.com", true},
      {",, ,example.com", "example.com", true},
      {"b\xC3\xBC"
       "cher.example",
       "xn--bcher-kva.example", true},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.10", false},
      {"2.1", "192.0.2.1", false},
      {".2.1", "192.0.2.1", false},
      {"0:0::1", "::1", true},
      {"[::1]", "::1", true},
      {"::2", "::1", false},
      {"192.0.2.0/24", "192.0.2.77", true},
      {"192.0.2.0/24", "192.0.3.77", false},
      {"192.0.2.64/26", "192.0.2.127", true},
      {"192.0.2.64/26", "192.0.2.128", false},
      {"192.0.2.1/32", "192.0.2.1", true},
      {"0.0.0.0/0", "192.0.2.1", true},
      {"192.0.2.0/33", "192.0.2.0", false},
      {"192.0.2.0/", "192.0.2.0", false},
      {"192.0.2.0/2x", "192.0.2.0", false},
      {"192.0.2.0/24", "example.com", false},
      {"2001:db8::/32", "2001:db8:1::2", true},
      {"2001:db8::/32", "2001:db9::2", false},
      {"2001:db8::/127", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"example.com:8443", "example.com", true},
      {"example.com:443", "example.com", false},
      {"[::1]:8443", "::1", true},
      {"[::1]:443", "::1", false},
      {"example.com:", "example.com", false},
      {".", "example.com", false},
      {"http://example.com", "example.com", false},
  };
  for (const NoProxyCase& c : cases) {
    INFO(c.list << " and " << c.host);
    CHECK(is_in_no_proxy(c.list, c.host, 8443) == c.matches);
  }
}

}  // namespace
