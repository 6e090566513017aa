// SPDX-License-Identifier: MIT
#include "daemon/session_cookies.h"

#include <algorithm>

#include "config/checks.h"

namespace wsbridged {

namespace {

// It is then the whole of what is sent, and servers' cookies are not taken.
bool has_cookie_header(const config::Upstream& upstream) {
  return std::any_of(
      upstream.headers.begin(), upstream.headers.end(),
      [](const config::Header& header) { return config::lower_case(header.name) == "cookie"; });
}

}  // namespace

// A file that could not be read is told by whoever reads it; then the session keeps them.
bool SessionCookies::stores(const config::Upstream& upstream) const {
  return upstream.store_cookies && file_ != nullptr;
}

void SessionCookies::add_to(ws::Options& options, const config::Upstream& upstream) const {
  if (has_cookie_header(upstream)) {
    return;
  }
  options.cookie_jar = file_;
  options.store_cookies = stores(upstream);
  if (!options.store_cookies) {
    options.session_cookies = session_;
  }
}

const ws::CookieJar& SessionCookies::receiving(const config::Upstream& upstream) const {
  return stores(upstream) ? *file_ : *session_;
}

}  // namespace wsbridged
