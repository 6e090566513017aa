// SPDX-License-Identifier: MIT
#include "daemon/credentials.h"

#include <ws/url.h>

namespace wsbridged {

namespace {

std::string cookie_of(const DialTarget& target, std::int64_t unix_now) {
  const auto& jar = target.options.cookie_jar;
  const auto url = ws::parse_url(target.url);
  if (jar == nullptr || !url) {
    return {};
  }
  (void)jar->refresh();  // a file that cannot be read leaves the jar as it was
  return jar->header_for(*url, unix_now);
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
