// SPDX-License-Identifier: MIT
// Set-Cookie fields of hostile servers: none gets a cookie to another server, past the limits, or
// over a Secure one without TLS.
#include "protocol/set_cookie.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ws/cookie_jar.h>

#include "fuzz/support/cookie_keys.h"
#include "fuzz/support/input.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/cookie_file.h"
#include "protocol/cookie_match.h"

namespace fuzz {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::array kUrls = {"wss://www.example.com/a/b",    "ws://www.example.com/a/b",
                              "wss://example.co.uk/",         "ws://192.0.2.1/x/",
                              "wss://[2001:db8::1]/",         "wss://localhost/",
                              "wss://a.b.c.www.example.com/", "ws://www.example.com:8080/?q"};

void check_cookie(const ws::Cookie& cookie, const ws::Url& url) {
  require(ws::protocol::domain_matches(cookie, url.host), "a cookie is its server's");
  require(cookie.expires <= kNow + ws::protocol::kMaxCookieAge, "a cookie's age is bounded");
  require(url.secure || !cookie.secure, "only TLS sets Secure cookies");
  require(cookie.path.starts_with('/'), "a path is one");
  for (const std::string* text : {&cookie.name, &cookie.value, &cookie.path}) {
    require(text->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "one line");
  }
}

// All that another server would be sent.
void check_strangers(const ws::CookieJar& jar) {
  for (const char* text : {"wss://www.example.org/", "wss://example.com.evil.net/a/b",
                           "wss://co.uk/", "wss://xwww.example.com/a/b", "ws://192.0.2.11/x/"}) {
    const auto url = ws::parse_url(text);
    for (const auto& decision : jar.explain(*url, kNow)) {
      require(decision.verdict != ws::CookieVerdict::kSent ||
                  ws::protocol::domain_matches(decision.cookie, url->host),
              "nobody else's cookies are sent");
    }
  }
  require(jar.header_for(*ws::parse_url("wss://www.example.org/"), kNow).empty(),
          "none to strangers");
}

// What a server of this name would be sent over TLS alone.
std::set<std::string> secure_cookies(const ws::CookieJar& jar) {
  std::set<std::string> keys;
  static const auto url = ws::parse_url("wss://www.example.com/a/b");
  for (const auto& decision : jar.explain(*url, kNow)) {
    if (decision.verdict == ws::CookieVerdict::kSent && decision.cookie.secure) {
      keys.insert(key_of(decision.cookie));
    }
  }
  return keys;
}

// The same into a file, which must be read again as it was written.
void check_file(ws::protocol::CookieFile& file) {
  file.cookies.drop_expired(kNow);
  const auto again = ws::protocol::parse_cookie_file(ws::protocol::format_cookie_file(file));
  require(again.problems.empty(), "what a server set can be written");
  require(keys_of(again.cookies.cookies()) == keys_of(file.cookies.cookies()), "and read again");
}

}  // namespace

void set_cookie(std::string_view bytes) {
  Input input(bytes);
  ws::CookieJar jar;
  ws::protocol::CookieFile file;
  jar.add({.name = "kept", .value = "secret", .domain = "www.example.com", .secure = true});
  while (!input.empty()) {
    const auto url = ws::parse_url(kUrls[input.below(kUrls.size())]);
    const std::string field(input.line());
    const auto parsed = ws::protocol::parse_set_cookie(field, *url, kNow);
    const auto* cookie = std::get_if<ws::Cookie>(&parsed);
    const auto secure = secure_cookies(jar);
    ws::HttpResponse response;
    response.headers.push_back({"Set-Cookie", field});
    const std::size_t taken = jar.store(*url, response, kNow);
    require(taken <= (cookie != nullptr ? 1 : 0), "what is no cookie is not taken");
    if (taken == 1) {
      check_cookie(*cookie, *url);
      require(!file.cookies.put(*cookie, kNow), "a set takes what a jar takes");
    }
    if (!url->secure && jar.size() < 40) {  // then the oldest may have to go
      const auto left = secure_cookies(jar);
      require(std::includes(left.begin(), left.end(), secure.begin(), secure.end()),
              "nobody without TLS takes a Secure cookie's place");
    }
  }
  require(jar.size() <= 3000, "cookies are bounded");
  check_strangers(jar);
  check_file(file);
}

}  // namespace fuzz
