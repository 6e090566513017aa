// SPDX-License-Identifier: MIT
// What may enter a jar: normalised domains, refused characters, prefixes, public suffixes, limits.
#include "protocol/cookie_set.h"

#include <string>
#include <utility>

#include "support/catch.h"

namespace {

using ws::Cookie;
using ws::protocol::CookieSet;

Cookie cookie_of(std::string name, std::string domain) {
  Cookie cookie;
  cookie.name = std::move(name);
  cookie.domain = std::move(domain);
  return cookie;
}

// Why it is refused, empty when it is taken.
std::string refusal(Cookie cookie) {
  CookieSet set;
  const auto reason = set.add(std::move(cookie));
  CHECK(set.cookies().size() == (reason ? 0 : 1));
  return reason.value_or("");
}

Cookie taken(Cookie cookie) {
  CookieSet set;
  const auto reason = set.add(std::move(cookie));
  REQUIRE_FALSE(reason);
  return set.cookies().front();
}

TEST_CASE("cookie set: domains are lower-cased, a leading dot means subdomains too",
          "[cookie_set]") {
  const Cookie host_only = taken(cookie_of("a", "Chat.EXAMPLE.com"));
  CHECK(host_only.domain == "chat.example.com");
  CHECK(host_only.host_only);
  const Cookie dotted = taken(cookie_of("a", ".Example.com"));
  CHECK(dotted.domain == "example.com");
  CHECK_FALSE(dotted.host_only);
  CHECK(taken(cookie_of("a",
                        "b\xC3\xBC"
                        "cher.example"))
            .domain == "xn--bcher-kva.example");
}

TEST_CASE("cookie set: addresses and single-label names stand for one host (RFC 6265 5.1.3)",
          "[cookie_set]") {
  for (const char* domain :
       {"192.0.2.1", ".192.0.2.1", "::1", "[::1]", "localhost", ".localhost", ".backend"}) {
    INFO(domain);
    Cookie cookie = cookie_of("a", domain);
    cookie.host_only = false;
    CHECK(taken(cookie).host_only);
  }
  CHECK(taken(cookie_of("a", "[2001:DB8::1]")).domain == "2001:db8::1");
}

TEST_CASE(
    "cookie set: one for a whole public suffix is refused, for the host itself it is not "
    "(RFC 6265 5.3)",
    "[cookie_set]") {
  for (const char* suffix : {"com", "co.uk", "github.io", "foo.ck"}) {
    INFO(suffix);
    CHECK(refusal(cookie_of("a", std::string(".") + suffix)) == "the domain is a public suffix");
    CHECK(refusal(cookie_of("a", suffix)).empty());
  }
  CHECK(refusal(cookie_of("a", ".example.co.uk")).empty());
  CHECK(refusal(cookie_of("a", ".me.github.io")).empty());
}

TEST_CASE("cookie set: a domain that is not a host name is refused", "[cookie_set]") {
  for (const char* domain : {"", ".", "..example.com", "a b", "127.1", "http://example.com"}) {
    CHECK(refusal(cookie_of("a", domain)) == "the domain is not a host name");
  }
}

TEST_CASE("cookie set: what could begin another cookie or header is refused", "[cookie_set]") {
  CHECK(refusal(cookie_of("", "h")) == "the name is empty");
  for (int c = 0; c < 256; ++c) {
    const bool control = c < 32 || c == 127;
    const std::string text = std::string("a") + static_cast<char>(c);
    INFO(c);
    CHECK(refusal(cookie_of(text, "h")).empty() == !(control || c == ';' || c == '='));
    Cookie cookie = cookie_of("a", "h");
    cookie.value = text;
    CHECK(refusal(cookie).empty() == !(control || c == ';'));
  }
}

TEST_CASE("cookie set: the path begins with a slash", "[cookie_set]") {
  Cookie cookie = cookie_of("a", "h");
  for (const char* path : {"", "socket", "TRUE"}) {
    cookie.path = path;
    CHECK(refusal(cookie) == "the path does not begin with a slash");
  }
}

TEST_CASE("cookie set: __Secure- and __Host- cookies keep what their names promise",
          "[cookie_set]") {
  Cookie cookie = cookie_of("__Secure-a", ".example.com");
  CHECK_THAT(refusal(cookie), ContainsSubstring("__Secure-"));
  cookie.secure = true;
  CHECK(refusal(cookie).empty());

  cookie = cookie_of("__Host-a", "example.com");
  CHECK_THAT(refusal(cookie), ContainsSubstring("__Host-"));
  cookie.secure = true;
  CHECK(refusal(cookie).empty());
  cookie.name = "__hOST-a";
  cookie.path = "/socket";
  CHECK_THAT(refusal(cookie), ContainsSubstring("__Host-"));
  cookie.path = "/";
  cookie.domain = ".example.com";
  CHECK_THAT(refusal(cookie), ContainsSubstring("__Host-"));
  CHECK(refusal(cookie_of("__Host", "example.com")).empty());
}

TEST_CASE("cookie set: same name, domain and path replace and keep their age (RFC 6265 5.3)",
          "[cookie_set]") {
  CookieSet set;
  CHECK_FALSE(set.add(cookie_of("a", "h")));
  CHECK_FALSE(set.add(cookie_of("b", "h")));
  Cookie newer = cookie_of("a", "H");
  newer.value = "new";
  CHECK_FALSE(set.add(newer));
  REQUIRE(set.cookies().size() == 2);
  CHECK(set.cookies()[0].value == "new");
  CHECK(set.cookies()[0].order < set.cookies()[1].order);
  newer.path = "/other";
  CHECK_FALSE(set.add(newer));
  CHECK(set.cookies().size() == 3);
}

TEST_CASE("cookie set: name and value have 4 KiB together, the path has 1 KiB", "[cookie_set]") {
  Cookie cookie = cookie_of("name", "h");
  cookie.value = std::string(4092, 'v');
  CHECK(refusal(cookie).empty());
  cookie.value += 'v';
  CHECK(refusal(cookie) == "name and value are longer than 4 KiB");
  cookie.value.clear();
  cookie.path = '/' + std::string(1023, 'p');
  CHECK(refusal(cookie).empty());
  cookie.path += 'p';
  CHECK(refusal(cookie) == "the path is longer than 1 KiB");
}

TEST_CASE("cookie set: what a user gives may be more than 50 cookies of a domain", "[cookie_set]") {
  CookieSet set;
  for (int i = 0; i < 60; ++i) {
    CHECK_FALSE(set.add(cookie_of("n" + std::to_string(i), "h.example")));
  }
  CHECK(set.cookies().size() == 60);
  CHECK_FALSE(set.put(cookie_of("server", "h.example"), 0));
  CHECK(set.cookies().size() == 60);  // a server's drives one out
}

TEST_CASE("cookie set: a jar has at most 3,000 cookies, replacing goes on", "[cookie_set]") {
  CookieSet set;
  for (int i = 0; i < 3000; ++i) {
    CHECK_FALSE(set.add(cookie_of("a", "h" + std::to_string(i) + ".example")));
  }
  CHECK(set.add(cookie_of("a", "one-more.example")) == "there are 3,000 cookies already");
  CHECK_FALSE(set.add(cookie_of("a", "h7.example")));
  CHECK(set.cookies().size() == 3000);
}

}  // namespace
