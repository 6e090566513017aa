// SPDX-License-Identifier: MIT
// Which cookies go with a request, and why others do not (RFC 6265 sections 5.1.3, 5.1.4 and 5.4).
// ws counts as http, wss as https.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/cookie_jar.h>
#include <ws/url.h>

namespace ws::protocol {

// Is `host` the cookie's, or, for a cookie that is not host_only, a name below it (5.1.3).
[[nodiscard]] bool domain_matches(const Cookie& cookie, std::string_view host);
// Is `request_path` the cookie's path or below it, by whole segments (5.1.4).
[[nodiscard]] bool path_matches(std::string_view cookie_path, std::string_view request_path);

struct JudgedCookie {
  const Cookie* cookie = nullptr;  // one of those given
  CookieVerdict verdict = CookieVerdict::kSent;
};

// All of `cookies`: those to send in the order of the header, then the others in their own. `now`
// is Unix time. Of what matches, the header takes what fits into 8 KiB.
[[nodiscard]] std::vector<JudgedCookie> judge_cookies(std::span<const Cookie> cookies,
                                                      const Url& url, std::int64_t now);
// The value of the Cookie header, empty when none is sent.
[[nodiscard]] std::string cookie_header(std::span<const JudgedCookie> judged);

}  // namespace ws::protocol
