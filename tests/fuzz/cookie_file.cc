// SPDX-License-Identifier: MIT
// A cookie jar's file: what is read from any text keeps the limits, and is the same when it is
// written and read again.
#include "protocol/cookie_file.h"

#include <algorithm>
#include <string>
#include <vector>

#include <ws/cookie_jar.h>

#include "fuzz/support/cookie_keys.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/cookie_match.h"

namespace fuzz {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ') || c == 0x7f || c == ';'; });
}

void check(const ws::protocol::CookieFile& file, std::string_view text) {
  const auto& cookies = file.cookies.cookies();
  require(cookies.size() <= 3000, "cookies are bounded");
  require(file.problems.size() <= 101, "problems are bounded");
  require(file.other_lines.size() <= text.size() + 1, "what is kept was there");
  for (const auto& problem : file.problems) {
    require(!problem.message.empty(), "a problem has its words");
  }
  for (const ws::Cookie& cookie : cookies) {
    require(is_clean(cookie.name) && is_clean(cookie.value), "a cookie begins no other");
    require(cookie.name.size() + cookie.value.size() <= 4096, "name and value are bounded");
    require(cookie.path.starts_with('/') && cookie.path.size() <= 1024, "a path is one");
    require(!cookie.domain.empty() && cookie.domain.front() != '.', "a domain is one");
  }
}

void check_header(const ws::protocol::CookieFile& file, const ws::Url& url) {
  const auto judged = ws::protocol::judge_cookies(file.cookies.cookies(), url, kNow);
  require(judged.size() == file.cookies.cookies().size(), "each is judged");
  for (const auto& [cookie, verdict] : judged) {
    require(
        verdict != ws::CookieVerdict::kSent ||
            (ws::protocol::domain_matches(*cookie, url.host) && (url.secure || !cookie->secure) &&
             (cookie->expires == 0 || cookie->expires > kNow)),
        "what is sent matches");
  }
  const std::string header = ws::protocol::cookie_header(judged);
  require(header.size() <= std::size_t{8} << 10, "a Cookie header is bounded");
  require(header.find_first_of("\r\n") == std::string::npos, "and one line");
}

}  // namespace

void cookie_file(std::string_view bytes) {
  const auto file = ws::protocol::parse_cookie_file(bytes);
  check(file, bytes);
  for (const char* written : {"wss://www.example.com/path/x?y", "ws://localhost/", "ws://[::1]/"}) {
    check_header(file, *ws::parse_url(written));
  }
  const std::string written = ws::protocol::format_cookie_file(file);
  const auto again = ws::protocol::parse_cookie_file(written);
  require(keys_of(again.cookies.cookies()) == keys_of(file.cookies.cookies()),
          "what is written is what was read");
  require(ws::protocol::format_cookie_file(again) == written, "and is written the same");
  ws::CookieJar jar;
  const auto count = jar.load_text(bytes);
  require(count && *count == file.cookies.cookies().size(), "a jar holds them");
}

}  // namespace fuzz
