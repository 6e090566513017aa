// SPDX-License-Identifier: MIT
#include "config/header_sources.h"

#include <algorithm>

#include "config/checks.h"

namespace wsbridged::config {
namespace {

const Node* find_in_upstream(const BoundBridge& bound, std::string_view key) {
  const Node* upstream = bound.merged.find("upstream");
  return upstream != nullptr ? upstream->find(key) : nullptr;
}

// The key as written, in any case; nullptr when it is absent or null.
const Node* find_header(const BoundBridge& bound, std::string_view lower_name) {
  const Node* headers = find_in_upstream(bound, "headers");
  if (headers != nullptr) {
    for (const Node::Entry& entry : headers->entries) {
      if (lower_case(entry.key->text) == lower_name && entry.value->kind != Node::Kind::kNull) {
        return entry.key;
      }
    }
  }
  return nullptr;
}

bool has_user_in_url(const Upstream& upstream) {
  return has_user_information(upstream.url) ||
         std::any_of(upstream.urls.begin(), upstream.urls.end(), has_user_information);
}

bool has_user(const Upstream& upstream) {
  return !upstream.basic_auth.user.empty();
}

void check_authorization(const BoundBridge& bound, Problems& problems) {
  const Upstream& upstream = bound.bridge.upstream;
  const Node* header = find_header(bound, "authorization");
  const bool is_in_url = has_user_in_url(upstream);
  if (header != nullptr && has_user(upstream)) {
    problems.error(header->place, "an Authorization header and basic_auth: use one of them");
  }
  if (header != nullptr && is_in_url) {
    problems.error(header->place, "an Authorization header and a user in url: use one of them");
  }
  const Node* basic_auth = find_in_upstream(bound, "basic_auth");
  if (basic_auth != nullptr && has_user(upstream) && is_in_url) {
    problems.error(basic_auth->place, "basic_auth and a user in url: use one of them");
  }
}

}  // namespace

void check_header_sources(const BoundBridge& bound, Problems& problems) {
  const Node* cookie = find_header(bound, "cookie");
  if (cookie != nullptr && !bound.bridge.upstream.cookie_jar.empty()) {
    problems.error(cookie->place, "a Cookie header and cookie_jar: use one of them");
  }
  const Node* origin = find_header(bound, "origin");
  if (origin != nullptr && !bound.bridge.upstream.origin.empty()) {
    problems.error(origin->place, "an Origin header and origin: use one of them");
  }
  check_authorization(bound, problems);
}

bool sends_credentials(const BoundBridge& bound) {
  const Upstream& upstream = bound.bridge.upstream;
  return !upstream.cookie_jar.empty() || has_user(upstream) || has_user_in_url(upstream) ||
         find_header(bound, "cookie") != nullptr || find_header(bound, "authorization") != nullptr;
}

}  // namespace wsbridged::config
