// SPDX-License-Identifier: MIT
// Which cookies are sent (RFC 6265): the tables of domain and path matching, order, size, verdicts.
#include "protocol/cookie_match.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace {

using ws::Cookie;
using ws::CookieVerdict;
using ws::protocol::cookie_header;
using ws::protocol::domain_matches;
using ws::protocol::judge_cookies;
using ws::protocol::path_matches;

constexpr std::int64_t kNow = 1'800'000'000;

Cookie cookie_of(std::string name, std::string path = "/") {
  Cookie cookie;
  cookie.name = std::move(name);
  cookie.value = "v";
  cookie.domain = "example.com";
  cookie.path = std::move(path);
  return cookie;
}

Cookie domain_cookie(std::string domain) {
  Cookie cookie = cookie_of("n");
  cookie.domain = std::move(domain);
  cookie.host_only = false;
  return cookie;
}

std::string header_of(const std::vector<Cookie>& cookies, std::string_view url) {
  return cookie_header(judge_cookies(cookies, ws::parse_url(url).value(), kNow));
}

CookieVerdict verdict_of(const Cookie& cookie, std::string_view url) {
  const std::vector<Cookie> cookies = {cookie};
  return judge_cookies(cookies, ws::parse_url(url).value(), kNow).front().verdict;
}

TEST_CASE("cookie: domains match by whole labels (RFC 6265 5.1.3)", "[cookie_match]") {
  const Cookie cookie = domain_cookie("example.com");
  CHECK(domain_matches(cookie, "example.com"));
  CHECK(domain_matches(cookie, "chat.example.com"));
  CHECK(domain_matches(cookie, "a.b.example.com"));
  CHECK_FALSE(domain_matches(cookie, "badexample.com"));
  CHECK_FALSE(domain_matches(cookie, "example.com.evil.org"));
  CHECK_FALSE(domain_matches(cookie, "com"));
  CHECK_FALSE(domain_matches(cookie, "xample.com"));
  CHECK_FALSE(domain_matches(cookie, ""));
}

TEST_CASE("cookie: one for a host only does not match below it", "[cookie_match]") {
  const Cookie cookie = cookie_of("n");
  CHECK(domain_matches(cookie, "example.com"));
  CHECK_FALSE(domain_matches(cookie, "chat.example.com"));
}

TEST_CASE("cookie: addresses never match by suffix (RFC 6265 5.1.3)", "[cookie_match]") {
  CHECK(domain_matches(domain_cookie("192.0.2.1"), "192.0.2.1"));
  CHECK_FALSE(domain_matches(domain_cookie("0.2.1"), "192.0.2.1"));
  CHECK_FALSE(domain_matches(domain_cookie("2.1"), "192.0.2.1"));
  CHECK(domain_matches(domain_cookie("::1"), "::1"));
}

TEST_CASE("cookie: paths match by whole segments (RFC 6265 5.1.4)", "[cookie_match]") {
  CHECK(path_matches("/", "/"));
  CHECK(path_matches("/", "/socket"));
  CHECK(path_matches("/socket", "/socket"));
  CHECK(path_matches("/socket", "/socket/"));
  CHECK(path_matches("/socket", "/socket/io"));
  CHECK(path_matches("/socket/", "/socket/io"));
  CHECK(path_matches("/socket/", "/socket/"));
  CHECK_FALSE(path_matches("/socket/", "/socket"));
  CHECK_FALSE(path_matches("/socket", "/sockets"));
  CHECK_FALSE(path_matches("/socket", "/"));
  CHECK_FALSE(path_matches("/socket", "/Socket"));
  CHECK_FALSE(path_matches("/socket", "/x/socket"));
}

TEST_CASE("cookie: the query is no part of the path", "[cookie_match]") {
  const Cookie cookie = cookie_of("n", "/socket");
  CHECK(verdict_of(cookie, "ws://example.com/socket?a=/b") == CookieVerdict::kSent);
  CHECK(verdict_of(cookie, "ws://example.com?/socket") == CookieVerdict::kPath);
}

TEST_CASE("cookie: a secure one goes over wss only, any port will do",
          "[cookie_match][HS-cookie-header]") {
  Cookie cookie = cookie_of("n");
  cookie.secure = true;
  CHECK(verdict_of(cookie, "ws://example.com/") == CookieVerdict::kSecure);
  CHECK(verdict_of(cookie, "ws://example.com:443/") == CookieVerdict::kSecure);
  CHECK(verdict_of(cookie, "wss://example.com:8443/") == CookieVerdict::kSent);
  CHECK(verdict_of(cookie_of("n"), "wss://example.com/") == CookieVerdict::kSent);
}

TEST_CASE("cookie: an http-only one is sent, a handshake is HTTP", "[cookie_match]") {
  Cookie cookie = cookie_of("n");
  cookie.http_only = true;
  CHECK(header_of({cookie}, "ws://example.com/") == "n=v");
}

TEST_CASE("cookie: it is expired from the second of its expiry on, session cookies never",
          "[cookie_match]") {
  Cookie cookie = cookie_of("n");
  for (const auto& [expires, verdict] :
       std::vector<std::pair<std::int64_t, CookieVerdict>>{{0, CookieVerdict::kSent},
                                                           {kNow + 1, CookieVerdict::kSent},
                                                           {kNow, CookieVerdict::kExpired},
                                                           {1, CookieVerdict::kExpired},
                                                           {-1, CookieVerdict::kExpired}}) {
    cookie.expires = expires;
    CHECK(verdict_of(cookie, "ws://example.com/") == verdict);
  }
}

TEST_CASE("cookie: a host written with a trailing dot or in capitals is the same host",
          "[cookie_match]") {
  CHECK(header_of({cookie_of("n")}, "ws://EXAMPLE.com./") == "n=v");
}

TEST_CASE("cookie: longer paths first, then older ones (RFC 6265 5.4)", "[cookie_match]") {
  std::vector<Cookie> cookies = {cookie_of("new"), cookie_of("old"), cookie_of("deep", "/a/b"),
                                 cookie_of("middle", "/a")};
  cookies[0].order = 9;
  cookies[1].order = 1;
  CHECK(header_of(cookies, "ws://example.com/a/b/c") == "deep=v; middle=v; old=v; new=v");
}

TEST_CASE("cookie: no match makes an empty header, an empty value stays visible",
          "[cookie_match]") {
  CHECK(header_of({}, "ws://example.com/").empty());
  CHECK(header_of({cookie_of("n")}, "ws://example.org/").empty());
  Cookie cookie = cookie_of("n");
  cookie.value.clear();
  CHECK(header_of({cookie}, "ws://example.com/") == "n=");
}

// Cookies that fill the header to `total` bytes, in order.
std::vector<Cookie> filling(std::size_t total) {
  std::vector<Cookie> cookies = {cookie_of("a"), cookie_of("b"), cookie_of("c")};
  cookies[0].value = std::string(4000, 'x');
  cookies[1].value = std::string(4000, 'y');
  constexpr std::size_t names_and_separators = std::string_view("a=; b=; c=").size();
  cookies[2].value = std::string(total - 8000 - names_and_separators, 'z');
  for (std::size_t i = 0; i < cookies.size(); ++i) {
    cookies[i].order = i;
  }
  return cookies;
}

TEST_CASE("cookie: a header takes exactly 8 KiB", "[cookie_match][HS-cookie-header]") {
  CHECK(header_of(filling(8192), "ws://example.com/").size() == 8192);
  CHECK(header_of(filling(8193), "ws://example.com/").size() == 8006);
}

TEST_CASE("cookie: one that does not fit leaves room for a smaller one, and is told",
          "[cookie_match][HS-cookie-header]") {
  std::vector<Cookie> cookies = filling(8193);
  cookies.push_back(cookie_of("small"));
  cookies.back().order = 7;
  const auto judged = judge_cookies(cookies, ws::parse_url("ws://example.com/").value(), kNow);
  REQUIRE(judged.size() == 4);
  CHECK(judged[2].cookie->name == "small");
  CHECK(judged[2].verdict == CookieVerdict::kSent);
  CHECK(judged[3].cookie->name == "c");
  CHECK(judged[3].verdict == CookieVerdict::kTooLarge);
  CHECK_THAT(cookie_header(judged), ContainsSubstring("; small=v"));
}

TEST_CASE("cookie: the verdict is the first rule that keeps it back", "[cookie_match]") {
  Cookie cookie = cookie_of("n", "/deep");
  cookie.secure = true;
  cookie.expires = 1;
  CHECK(verdict_of(cookie, "ws://other.example/") == CookieVerdict::kExpired);
  cookie.expires = 0;
  CHECK(verdict_of(cookie, "ws://other.example/") == CookieVerdict::kDomain);
  CHECK(verdict_of(cookie, "ws://example.com/") == CookieVerdict::kPath);
  CHECK(verdict_of(cookie, "ws://example.com/deep") == CookieVerdict::kSecure);
  CHECK(verdict_of(cookie, "wss://example.com/deep") == CookieVerdict::kSent);
}

TEST_CASE("cookie: every verdict has its own spelling", "[cookie_match]") {
  CHECK(ws::to_string(CookieVerdict::kSent) == "sent");
  CHECK(ws::to_string(CookieVerdict::kExpired) == "expired");
  CHECK(ws::to_string(CookieVerdict::kDomain) == "domain");
  CHECK(ws::to_string(CookieVerdict::kPath) == "path");
  CHECK(ws::to_string(CookieVerdict::kSecure) == "secure");
  CHECK(ws::to_string(CookieVerdict::kTooLarge) == "too_large");
}

}  // namespace
