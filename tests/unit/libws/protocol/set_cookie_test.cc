// SPDX-License-Identifier: MIT
// Set-Cookie fields: attributes, dates, domains, and the tricks that clients have fallen for.
#include "protocol/set_cookie.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/cookie_date.h"
#include "protocol/cookie_match.h"
#include "support/catch.h"

namespace {

using ws::Cookie;
using ws::Url;
using ws::protocol::CookieSet;
using ws::protocol::kMaxCookieAge;
using ws::protocol::parse_cookie_date;
using ws::protocol::parse_set_cookie;

constexpr std::int64_t kNow = 1'800'000'000;

Url url_of(const std::string& text) {
  return ws::parse_url(text).value();
}

const char* const kHost = "wss://chat.example.com/a/b/c?q=/x";

// The cookie as a jar would keep it.
Cookie taken(const std::string& field, const std::string& url = kHost) {
  INFO(field);
  auto parsed = parse_set_cookie(field, url_of(url), kNow);
  REQUIRE(std::holds_alternative<Cookie>(parsed));
  CookieSet set;
  REQUIRE_FALSE(set.put(std::get<Cookie>(parsed), kNow));
  return set.cookies().front();
}

// Why it is not taken, by the field's rules or the set's.
std::string refusal(const std::string& field, const std::string& url = kHost) {
  INFO(field);
  auto parsed = parse_set_cookie(field, url_of(url), kNow);
  if (auto* reason = std::get_if<std::string>(&parsed)) {
    return *reason;
  }
  CookieSet set;
  return set.put(std::get<Cookie>(parsed), kNow).value_or("");
}

TEST_CASE("set-cookie: name, value and defaults (RFC 6265 5.2, 5.3)", "[set_cookie]") {
  const Cookie cookie = taken(" sid = \"a=b\" ");
  CHECK(cookie.name == "sid");
  CHECK(cookie.value == "\"a=b\"");
  CHECK(cookie.domain == "chat.example.com");
  CHECK(cookie.host_only);
  CHECK(cookie.path == "/a/b");
  CHECK(cookie.expires == 0);
  CHECK_FALSE(cookie.secure);
  CHECK_FALSE(cookie.http_only);
  CHECK(taken("a=").value.empty());
  CHECK(refusal("lonely") == "it has no name");
  CHECK(refusal("lonely; a=b") == "it has no name");
  CHECK(refusal("=value") == "the name is empty");
  CHECK(refusal("") == "it has no name");
}

TEST_CASE("set-cookie: attributes in any case, the last of each counts", "[set_cookie]") {
  const Cookie cookie = taken(
      "a=b; DOMAIN=.Example.COM ;path = /x ; Path=/y;secure=whatever;HTTPONLY; SameSite=Lax;;"
      "max-age=60; Unknown=1");
  CHECK(cookie.domain == "example.com");
  CHECK_FALSE(cookie.host_only);
  CHECK(cookie.path == "/y");
  CHECK(cookie.secure);
  CHECK(cookie.http_only);
  CHECK(cookie.expires == kNow + 60);
  CHECK(taken("a=b; Path=" + std::string("/") + std::string(1023, 'p')).path.size() == 1024);
  CHECK(taken("a=b; Path=/" + std::string(1024, 'p')).path == "/a/b");  // ignored: too long
}

TEST_CASE("set-cookie: the default path ends before the last slash (RFC 6265 5.1.4)",
          "[set_cookie]") {
  CHECK(taken("a=b", "ws://h/").path == "/");
  CHECK(taken("a=b", "ws://h/x").path == "/");
  CHECK(taken("a=b", "ws://h/x/").path == "/x");
  CHECK(taken("a=b; Path=relative", "ws://h/x/y").path == "/x");
  CHECK(taken("a=b; Path=", "ws://h/x/y").path == "/x");
}

TEST_CASE("set-cookie: Max-Age before Expires, 400 days at most (RFC 6265bis 5.5)",
          "[set_cookie]") {
  CHECK(taken("a=b; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT").expires == kNow + 10);
  CHECK(taken("a=b; Max-Age=99999999999999999999999").expires == kNow + kMaxCookieAge);
  CHECK(taken("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT").expires == kNow + kMaxCookieAge);
  for (const char* gone :
       {"Max-Age=0", "Max-Age=-1", "Max-Age=-99999999999999999999",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Mon, 1 Jan 1601 1:1:1"}) {
    const Cookie cookie = taken(std::string("a=b; ") + gone);
    CHECK(cookie.expires != 0);
    CHECK(cookie.expires < kNow);
  }
  for (const char* nothing :
       {"Max-Age=", "Max-Age=1x", "Max-Age=-", "Max-Age=+1", "Expires=soon", "Expires="}) {
    CHECK(taken(std::string("a=b; ") + nothing).expires == 0);
  }
}

TEST_CASE("set-cookie: dates in every form (RFC 6265 5.1.1)", "[set_cookie]") {
  constexpr std::int64_t date = 784111777;  // RFC 9110 5.6.7's example
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "6 nov 1994 8:49:37", "1994 November 6 08:49:37",
        "Sun, 06-Nov-1994 08:49:37 GMT", "(08:49:37) 06/NOV/94"}) {
    INFO(text);
    CHECK(parse_cookie_date(text) == date);
  }
  CHECK(parse_cookie_date("1 Jan 1970 0:0:0") == 0);
  CHECK(parse_cookie_date("1 Jan 70 0:0:0") == 0);
  CHECK(parse_cookie_date("1 Jan 69 0:0:0") == 3124224000);
  CHECK(parse_cookie_date("29 Feb 2024 12:00:00") == 1709208000);
  for (const char* text :
       {"", "06 Nov 1994", "Nov 1994 08:49:37", "06 Nov 08:49:37", "32 Nov 1994 08:49:37",
        "30 Feb 1994 08:49:37", "29 Feb 2023 12:00:00", "06 Nov 1600 08:49:37",
        "06 Nov 1994 24:49:37", "06 Nov 1994 08:60:37", "06 Nov 1994 08:49:60",
        "06 Nov 19941 08:49:37", "06 Nov 1994 008:49:37", "0 Nov 1994 08:49:37"}) {
    INFO(text);
    CHECK_FALSE(parse_cookie_date(text));
  }
}

TEST_CASE("set-cookie: a domain must be the server's or above it (RFC 6265 5.3)",
          "[set_cookie][HS-set-cookie]") {
  CHECK(taken("a=b; Domain=chat.example.com").domain == "chat.example.com");
  CHECK_FALSE(taken("a=b; Domain=chat.example.com").host_only);
  CHECK(taken("a=b; Domain=").host_only);
  CHECK(taken("a=b; Domain=example.com.").domain == "example.com");
  for (const char* domain : {"other.com", "at.example.com", "hat.example.com", "x.chat.example.com",
                             "xample.com", "192.0.2.1"}) {
    CHECK(refusal(std::string("a=b; Domain=") + domain) == "the domain is not the server's");
  }
  CHECK(refusal("a=b; Domain=exa mple.com") == "the domain is not a host name");
  CHECK(refusal("a=b; Domain=..example.com") == "the domain is not a host name");
}

TEST_CASE("set-cookie: an address takes only itself as a domain (RFC 6265 5.1.3)", "[set_cookie]") {
  CHECK(taken("a=b; Domain=192.0.2.1", "ws://192.0.2.1/").host_only);
  CHECK(taken("a=b", "ws://[::1]/").domain == "::1");
  CHECK(taken("a=b; Domain=0::1", "ws://[::1]/").host_only);
  CHECK(refusal("a=b; Domain=2.1", "ws://192.0.2.1/") == "the domain is not the server's");
  CHECK(refusal("a=b; Domain=.2.1", "ws://192.0.2.1/") == "the domain is not the server's");
}

TEST_CASE("set-cookie: no public suffix, in no spelling (curl CVE-2023-46218)",
          "[set_cookie][HS-set-cookie]") {
  for (const char* suffix : {"co.uk", "Co.UK", ".CO.uk", "co.uk.", "uk"}) {
    CHECK(refusal(std::string("a=b; Domain=") + suffix, "ws://shop.co.uk/") ==
          "the domain is a public suffix");
  }
  // The suffix's own server keeps its cookie for itself.
  CHECK(taken("a=b; Domain=github.io", "ws://github.io/").host_only);
  CHECK(taken("a=b; Domain=localhost", "ws://localhost/").host_only);
  // An international one, in UTF-8 and in ASCII: "\u9999\u6E2F" is a public suffix.
  CHECK(refusal("a=b; Domain=\xE9\xA6\x99\xE6\xB8\xAF", "ws://shop.xn--j6w193g/") ==
        "the domain is a public suffix");
  CHECK(refusal("a=b; Domain=xn--j6w193g", "ws://shop.xn--j6w193g/") ==
        "the domain is a public suffix");
}

TEST_CASE("set-cookie: international domains match in either form", "[set_cookie]") {
  CHECK(taken("a=b; Domain=b\xC3\xBC"
              "cher.example",
              "ws://www.xn--bcher-kva.example/")
            .domain == "xn--bcher-kva.example");
}

TEST_CASE("set-cookie: control characters are refused everywhere (curl CVE-2022-35252)",
          "[set_cookie][HS-set-cookie]") {
  for (int c = 1; c < 128; ++c) {
    if ((c >= 32 && c < 127)) {
      continue;
    }
    const std::string bad = std::string("x") + static_cast<char>(c) + "y";
    INFO(c);
    CHECK_FALSE(refusal("a=" + bad).empty());
    CHECK_FALSE(refusal(bad + "=b").empty());
    CHECK_FALSE(refusal("a=b; Path=/" + bad).empty());
    CHECK_FALSE(refusal("a=b; Domain=" + bad + ".example.com").empty());
  }
}

TEST_CASE("set-cookie: name and value have 4 KiB (curl CVE-2022-32205)", "[set_cookie]") {
  CHECK(taken("n=" + std::string(4095, 'v')).value.size() == 4095);
  CHECK(refusal("n=" + std::string(4096, 'v')) == "name and value are longer than 4 KiB");
}

TEST_CASE("set-cookie: Secure ones only over TLS (RFC 6265bis 5.7)",
          "[set_cookie][HS-set-cookie]") {
  CHECK(refusal("a=b; Secure", "ws://h/") == "a Secure cookie must come over TLS");
  CHECK(taken("a=b; Secure", "wss://h/").secure);
}

TEST_CASE("set-cookie: prefixes keep what they promise (RFC 6265bis 4.1.3)", "[set_cookie]") {
  CHECK(taken("__Host-a=b; Secure; Path=/").host_only);
  CHECK(refusal("__Host-a=b; Secure", "wss://h/") == "a __Host- cookie must name the path /");
  CHECK_FALSE(refusal("__Host-a=b; Path=/").empty());
  CHECK_FALSE(refusal("__Host-a=b; Secure; Path=/; Domain=example.com").empty());
  CHECK_FALSE(refusal("__host-a=b; Secure; Path=/x").empty());
  CHECK_FALSE(refusal("__Secure-a=b").empty());
  CHECK(taken("__Secure-a=b; Secure").secure);
}

TEST_CASE("set-cookie: none hides a Secure one without TLS (RFC 6265bis 5.7; curl CVE-2025-9086)",
          "[set_cookie]") {
  CookieSet jar;
  REQUIRE_FALSE(jar.put({.name = "sid",
                         .value = "1",
                         .domain = "example.com",
                         .host_only = false,
                         .path = "/login",
                         .secure = true},
                        kNow));
  const auto hides = [&jar](const std::string& field, const std::string& url) {
    const Cookie cookie = std::get<Cookie>(parse_set_cookie(field, url_of(url), kNow));
    return ws::protocol::hides_secure_cookie(cookie, url_of(url), jar);
  };
  CHECK(hides("sid=2; Path=/login", "ws://example.com/"));
  CHECK(hides("sid=2; Path=/login/", "ws://example.com/"));
  CHECK(hides("sid=2; Path=/login/en", "ws://www.example.com/"));
  CHECK(hides("sid=2; Path=/login; Domain=example.com", "ws://www.example.com/"));
  CHECK_FALSE(hides("sid=2; Path=/", "ws://example.com/"));  // goes behind it, does not hide it
  CHECK_FALSE(hides("sid=2; Path=/loginx", "ws://example.com/"));
  CHECK_FALSE(hides("sid2=2; Path=/login", "ws://example.com/"));
  CHECK_FALSE(hides("sid=2; Path=/login", "ws://example.org/"));
  CHECK_FALSE(hides("sid=2; Path=/login", "wss://example.com/"));
  // A path of one slash has no character behind it to look at.
  REQUIRE_FALSE(
      jar.put({.name = "root", .value = "1", .domain = "example.com", .secure = true}, kNow));
  CHECK(hides("root=2; Path=/", "ws://example.com/"));
}

TEST_CASE("cookie set: what a server sends drives out the expired, then the oldest",
          "[set_cookie]") {
  CookieSet set;
  const auto name = [](int i) { return "n" + std::to_string(i); };
  for (int i = 0; i < 50; ++i) {
    REQUIRE_FALSE(
        set.put({.name = name(i), .value = {}, .domain = "h", .expires = i == 7 ? kNow : 0}, kNow));
  }
  REQUIRE_FALSE(set.put({.name = "new1", .value = {}, .domain = "h"}, kNow));
  REQUIRE_FALSE(set.put({.name = "new2", .value = {}, .domain = "h"}, kNow));
  REQUIRE_FALSE(set.put({.name = "n5", .value = "replaced", .domain = "h"}, kNow));
  REQUIRE(set.cookies().size() == 50);
  const auto has = [&set](const std::string& wanted) {
    for (const Cookie& cookie : set.cookies()) {
      if (cookie.name == wanted) {
        return true;
      }
    }
    return false;
  };
  CHECK_FALSE(has("n7"));
  CHECK_FALSE(has("n0"));
  CHECK(has("n1"));
  CHECK(has("new2"));
  for (int i = 0; i < 2960; ++i) {
    REQUIRE_FALSE(
        set.put({.name = "a", .value = {}, .domain = "h" + std::to_string(i) + ".example"}, kNow));
  }
  CHECK(set.cookies().size() == 3000);
  CHECK_FALSE(has("n1"));
  CHECK(has("new2"));
  // Positions and ages are still right.
  REQUIRE_FALSE(set.put({.name = "new2", .value = "again", .domain = "h"}, kNow));
  CHECK(set.cookies().size() == 3000);
  for (std::size_t i = 1; i < set.cookies().size(); ++i) {
    CHECK(set.cookies()[i - 1].order < set.cookies()[i].order);
  }
}

TEST_CASE("cookie set: an expired one hides what it replaces until it is dropped", "[set_cookie]") {
  CookieSet set;
  REQUIRE_FALSE(set.put({.name = "a", .value = "1", .domain = "h"}, kNow));
  REQUIRE_FALSE(set.put({.name = "a", .value = "", .domain = "h", .expires = 1}, kNow));
  CHECK(ws::protocol::cookie_header(
            ws::protocol::judge_cookies(set.cookies(), url_of("ws://h/"), kNow))
            .empty());
  CHECK(set.cookies().size() == 1);
  set.drop_expired(kNow);
  CHECK(set.cookies().empty());
  REQUIRE_FALSE(set.put({.name = "a", .value = "2", .domain = "h"}, kNow));
  CHECK(set.cookies().front().value == "2");
}

}  // namespace
