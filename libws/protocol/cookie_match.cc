// SPDX-License-Identifier: MIT
// The retrieval rules of RFC 6265, each at its section.
#include "protocol/cookie_match.h"

#include <algorithm>

#include "protocol/host.h"

namespace ws {

std::string_view to_string(CookieVerdict verdict) {
  switch (verdict) {
    case CookieVerdict::kSent:
      return "sent";
    case CookieVerdict::kExpired:
      return "expired";
    case CookieVerdict::kDomain:
      return "domain";
    case CookieVerdict::kPath:
      return "path";
    case CookieVerdict::kSecure:
      return "secure";
    case CookieVerdict::kTooLarge:
      return "too_large";
  }
  return "unknown";
}

namespace protocol {
namespace {

constexpr std::size_t kMaxHeader = std::size_t{8} << 10;
constexpr std::string_view kSeparator = "; ";

// The first rule that keeps it back. Expired cookies are evicted before a jar is asked (5.3), so
// that rule comes first; the others are in the order of 5.4, step 1.
CookieVerdict judge(const Cookie& cookie, const Url& url, std::int64_t now) {
  if (cookie.expires != 0 && cookie.expires <= now) {
    return CookieVerdict::kExpired;
  }
  if (!domain_matches(cookie, url.host)) {
    return CookieVerdict::kDomain;
  }
  if (!path_matches(cookie.path, url.path())) {
    return CookieVerdict::kPath;
  }
  if (cookie.secure && !url.secure) {
    return CookieVerdict::kSecure;
  }
  return CookieVerdict::kSent;
}

// 5.4, step 2: longer paths first, then older ones.
bool goes_before(const JudgedCookie& a, const JudgedCookie& b) {
  if (a.cookie->path.size() != b.cookie->path.size()) {
    return a.cookie->path.size() > b.cookie->path.size();
  }
  return a.cookie->order < b.cookie->order;
}

bool is_sent(const JudgedCookie& judged) {
  return judged.verdict == CookieVerdict::kSent;
}

// One that does not fit leaves its room to smaller ones behind it.
void leave_out_what_does_not_fit(std::span<JudgedCookie> sorted) {
  std::size_t size = 0;
  for (JudgedCookie& judged : sorted) {
    const std::size_t added = (size == 0 ? 0 : kSeparator.size()) + judged.cookie->name.size() + 1 +
                              judged.cookie->value.size();
    if (size + added > kMaxHeader) {
      judged.verdict = CookieVerdict::kTooLarge;
    } else {
      size += added;
    }
  }
}

}  // namespace

bool domain_matches(const Cookie& cookie, std::string_view host) {
  if (host == cookie.domain) {
    return true;
  }
  // 5.1.3: a suffix counts only at a dot, and never of an IP address.
  return !cookie.host_only && host.size() > cookie.domain.size() && host.ends_with(cookie.domain) &&
         host[host.size() - cookie.domain.size() - 1] == '.' && !is_ip_address(host);
}

bool path_matches(std::string_view cookie_path, std::string_view request_path) {
  if (!request_path.starts_with(cookie_path)) {
    return false;
  }
  return request_path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         request_path[cookie_path.size()] == '/';
}

std::vector<JudgedCookie> judge_cookies(std::span<const Cookie> cookies, const Url& url,
                                        std::int64_t now) {
  std::vector<JudgedCookie> judged;
  judged.reserve(cookies.size());
  for (const Cookie& cookie : cookies) {
    judged.push_back({.cookie = &cookie, .verdict = judge(cookie, url, now)});
  }
  const auto end_of_matches = std::stable_partition(judged.begin(), judged.end(), is_sent);
  std::stable_sort(judged.begin(), end_of_matches, goes_before);
  leave_out_what_does_not_fit({judged.begin(), end_of_matches});
  std::stable_partition(judged.begin(), end_of_matches, is_sent);
  return judged;
}

std::string cookie_header(std::span<const JudgedCookie> judged) {
  std::string header;
  for (const JudgedCookie& one : judged) {
    if (is_sent(one)) {
      header += header.empty() ? std::string_view() : kSeparator;
      header += one.cookie->name;
      header += '=';
      header += one.cookie->value;
    }
  }
  return header;
}

}  // namespace protocol
}  // namespace ws
