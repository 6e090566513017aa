// SPDX-License-Identifier: MIT
// The attributes of a Set-Cookie field, and what they say about domain, path and end.
#include "protocol/set_cookie.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/cookie_date.h"
#include "protocol/cookie_match.h"
#include "protocol/host.h"
#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

// Longer attributes are ignored (RFC 6265bis section 5.6, step 6).
constexpr std::size_t kMaxAttribute = 1024;
constexpr std::string_view kHostPrefix = "__Host-";
// Expired for whoever asks; 0 would be "with the session".
constexpr std::int64_t kLongAgo = 1;

// As far as they say something; of several of one name the last counts (5.2).
struct Attributes {
  std::optional<std::int64_t> expires{};
  std::optional<std::int64_t> max_age{};
  std::string_view domain{};
  std::string_view path{};
  bool secure = false;
  bool http_only = false;
};

struct Pair {
  std::string_view name;
  std::string_view value;
};

Pair split_pair(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  return {trim(text.substr(0, equals)), trim(text.substr(std::min(equals + 1, text.size())))};
}

// 5.2.2. What is too much to count is for ever, or long ago.
std::optional<std::int64_t> parse_max_age(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  text.remove_prefix(is_negative ? 1 : 0);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  for (const char digit : text) {
    seconds = std::min(seconds * 10 + (digit - '0'), kMaxCookieAge);
  }
  return is_negative ? 0 : seconds;
}

void take_attribute(Attributes& attributes, const Pair& pair) {
  if (pair.value.size() > kMaxAttribute) {
    return;
  }
  if (equal_ignoring_case(pair.name, "Expires")) {
    const auto date = parse_cookie_date(pair.value);
    attributes.expires = date ? date : attributes.expires;
  } else if (equal_ignoring_case(pair.name, "Max-Age")) {
    const auto age = parse_max_age(pair.value);
    attributes.max_age = age ? age : attributes.max_age;
  } else if (equal_ignoring_case(pair.name, "Domain")) {
    attributes.domain = pair.value;
  } else if (equal_ignoring_case(pair.name, "Path")) {
    attributes.path = pair.value;
  } else if (equal_ignoring_case(pair.name, "Secure")) {
    attributes.secure = true;
  } else if (equal_ignoring_case(pair.name, "HttpOnly")) {
    attributes.http_only = true;
  }
}

Attributes parse_attributes(std::string_view text) {
  Attributes attributes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    take_attribute(attributes, split_pair(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return attributes;
}

// 5.3, step 3: Max-Age before Expires. 0: with the session.
std::int64_t expiry(const Attributes& attributes, std::int64_t now) {
  const std::int64_t latest = now + kMaxCookieAge;
  if (attributes.max_age) {
    return *attributes.max_age == 0 ? kLongAgo : now + *attributes.max_age;
  }
  if (attributes.expires) {
    return std::clamp(*attributes.expires, kLongAgo, latest);
  }
  return 0;
}

// 5.1.4: the path of the request up to its last slash.
std::string_view default_path(const Url& url) {
  const std::string_view path = url.path();
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash);
}

// 5.3, steps 4 to 6. Returns the rule that the domain breaks, empty when it keeps them.
std::string_view set_domain(Cookie& cookie, std::string_view domain, const Url& url) {
  cookie.domain = url.host;
  domain.remove_prefix(domain.starts_with('.') ? 1 : 0);
  if (domain.empty()) {
    return {};
  }
  if (is_ip_address(url.host)) {
    return address_bytes(domain) == address_bytes(url.host) ? "" : "the domain is not the server's";
  }
  const auto name = parse_host_name(domain);
  if (!name) {
    return "the domain is not a host name";
  }
  cookie.domain = name.value().name;
  cookie.host_only = false;
  if (is_public_suffix(cookie.domain) && cookie.domain == url.host) {
    cookie.host_only = true;
  }
  return domain_matches(cookie, url.host) ? "" : "the domain is not the server's";
}

}  // namespace

std::variant<Cookie, std::string> parse_set_cookie(std::string_view field, const Url& url,
                                                   std::int64_t now) {
  const std::size_t end = std::min(field.find(';'), field.size());
  const std::string_view pair_text = field.substr(0, end);
  if (pair_text.find('=') == std::string_view::npos) {
    return "it has no name";
  }
  const Pair pair = split_pair(pair_text);
  const Attributes attributes = parse_attributes(field.substr(std::min(end + 1, field.size())));
  Cookie cookie{.name = std::string(pair.name),
                .value = std::string(pair.value),
                .domain = {},
                .path = std::string(default_path(url)),
                .secure = attributes.secure,
                .http_only = attributes.http_only,
                .expires = expiry(attributes, now)};
  if (const std::string_view rule = set_domain(cookie, attributes.domain, url); !rule.empty()) {
    return std::string(rule);
  }
  if (attributes.path.starts_with('/')) {
    cookie.path = attributes.path;
  } else if (equal_ignoring_case(pair.name.substr(0, kHostPrefix.size()), kHostPrefix)) {
    return "a __Host- cookie must name the path /";
  }
  if (cookie.secure && !url.secure) {  // RFC 6265bis 5.7, step 9
    return "a Secure cookie must come over TLS";
  }
  return cookie;
}

bool hides_secure_cookie(const Cookie& cookie, const Url& url, const CookieSet& cookies) {
  if (url.secure) {
    return false;
  }
  const auto is_hidden = [&cookie](const Cookie& other) {
    Cookie as_domain = other;
    as_domain.host_only = false;
    Cookie ours_as_domain = cookie;
    ours_as_domain.host_only = false;
    return other.secure && other.name == cookie.name &&
           (domain_matches(as_domain, cookie.domain) ||
            domain_matches(ours_as_domain, other.domain)) &&
           path_matches(other.path, cookie.path);
  };
  return std::any_of(cookies.cookies().begin(), cookies.cookies().end(), is_hidden);
}

}  // namespace ws::protocol
