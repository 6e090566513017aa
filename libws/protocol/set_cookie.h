// SPDX-License-Identifier: MIT
// Set-Cookie fields (RFC 6265 sections 5.2 and 5.3, with the stricter rules of RFC 6265bis): a
// field in, a cookie out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <ws/cookie_jar.h>
#include <ws/url.h>

#include "protocol/cookie_set.h"

namespace ws::protocol {

// Cookies live 400 days at most (RFC 6265bis section 5.5), whatever the server says.
inline constexpr std::int64_t kMaxCookieAge = std::int64_t{400} * 24 * 60 * 60;

// The cookie that the value of a Set-Cookie field in a response of `url` asks for, or why there is
// none, in words that hold no part of it. One that is to be deleted has expired. The rules of
// CookieSet come after these. `now` is Unix time.
[[nodiscard]] std::variant<Cookie, std::string> parse_set_cookie(std::string_view field,
                                                                 const Url& url, std::int64_t now);

// Would this cookie, out of a response of `url`, hide a Secure one of the same name from a server
// that set it over TLS (RFC 6265bis section 5.7, step 17)?
[[nodiscard]] bool hides_secure_cookie(const Cookie& cookie, const Url& url,
                                       const CookieSet& cookies);

}  // namespace ws::protocol
