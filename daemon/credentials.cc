// SPDX-License-Identifier: MIT
#include "daemon/credentials.h"

#include <ws/url.h>

namespace wsbridged {

namespace {

std::string cookie_of(const DialTarget& target, std::int64_t unix_now) {
  const auto& jar = target.options.cookie_jar;
  const auto& session = target.options.session_cookies;
  const auto url = ws::parse_url(target.url);
  if (!url) {
    return {};
  }
  if (jar != nullptr) {
    (void)jar->refresh();  // a file that cannot be read leaves the jar as it was
  }
  if (session != nullptr) {
    session->lie_over(jar);  // as the dial does
    return session->header_for(*url, unix_now);
  }
  return jar != nullptr ? jar->header_for(*url, unix_now) : std::string();
}

}  // namespace

Credentials::Credentials(const DialTarget& target, std::int64_t unix_now)
    : url_(target.url),
      headers_(target.options.headers),
      basic_auth_(target.options.basic_auth),
      cookie_(cookie_of(target, unix_now)),
      tls_context_(target.options.tls_context) {}

bool Credentials::operator==(const Credentials& other) const {
  const bool has_equal_auth =
      basic_auth_.has_value() == other.basic_auth_.has_value() &&
      (!basic_auth_ || (basic_auth_->user == other.basic_auth_->user &&
                        basic_auth_->password == other.basic_auth_->password));
  return has_equal_auth && url_ == other.url_ && headers_ == other.headers_ &&
         cookie_ == other.cookie_ && tls_context_ == other.tls_context_;
}

}  // namespace wsbridged
