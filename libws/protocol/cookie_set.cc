// SPDX-License-Identifier: MIT
// The rules a cookie must keep to enter a jar (RFC 6265 sections 4.1 and 5.3, RFC 6265bis for the
// name prefixes).
#include "protocol/cookie_set.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <libpsl.h>

#include "protocol/ascii.h"
#include "protocol/host.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kMaxCookies = 3000;
constexpr std::size_t kMaxPerDomain = 50;
constexpr std::size_t kMaxNameAndValue = 4096;
constexpr std::size_t kMaxPath = 1024;

using Reason = std::optional<std::string>;

bool holds_any(std::string_view text, std::string_view forbidden) {
  return std::any_of(text.begin(), text.end(), is_control) ||
         text.find_first_of(forbidden) != std::string_view::npos;
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

Reason check_name_and_value(const Cookie& cookie) {
  if (cookie.name.empty()) {
    return "the name is empty";
  }
  // A semicolon or a line break would begin another cookie or another header.
  if (holds_any(cookie.name, ";=")) {
    return "the name holds a control character, a semicolon or an equals sign";
  }
  if (holds_any(cookie.value, ";")) {
    return "the value holds a control character or a semicolon";
  }
  if (cookie.name.size() + cookie.value.size() > kMaxNameAndValue) {
    return "name and value are longer than 4 KiB";
  }
  return std::nullopt;
}

Reason check_path(const Cookie& cookie) {
  if (!cookie.path.starts_with('/')) {
    return "the path does not begin with a slash";
  }
  if (std::any_of(cookie.path.begin(), cookie.path.end(), is_control)) {
    return "the path holds a control character";  // a tab would begin another field of a file
  }
  if (cookie.path.size() > kMaxPath) {
    return "the path is longer than 1 KiB";
  }
  return std::nullopt;
}

Reason check_prefix(const Cookie& cookie) {
  if (has_prefix(cookie.name, "__Secure-") && !cookie.secure) {
    return "a __Secure- cookie must be secure";
  }
  if (has_prefix(cookie.name, "__Host-") &&
      !(cookie.secure && cookie.host_only && cookie.path == "/")) {
    return "a __Host- cookie must be secure, for one host and for the path /";
  }
  return std::nullopt;
}

// Makes the domain what Cookie promises.
Reason normalise_domain(Cookie& cookie) {
  std::string_view domain = cookie.domain;
  if (domain.starts_with('.')) {
    domain.remove_prefix(1);
    cookie.host_only = false;
  }
  if (domain.starts_with('[') && domain.ends_with(']')) {
    domain = domain.substr(1, domain.size() - 2);
  }
  if (is_ip_address(domain)) {
    cookie.host_only = true;
    cookie.domain = lower_case(domain);
    return std::nullopt;
  }
  auto host = parse_host_name(domain);
  if (!host) {
    return "the domain is not a host name";
  }
  cookie.domain = std::move(host->name);
  if (is_ip_address(cookie.domain)) {  // with a dot at its end, or in other digits
    cookie.host_only = true;
  }
  if (cookie.host_only) {
    return std::nullopt;
  }
  // RFC 6265 5.3, step 5: or it would be sent to everyone who has a name there.
  if (is_public_suffix(cookie.domain)) {
    return "the domain is a public suffix";
  }
  cookie.host_only = cookie.domain.find('.') == std::string::npos;
  return std::nullopt;
}

// Names and domains hold no line break, so no two cookies share one by accident.
std::string identity(const Cookie& cookie) {
  return cookie.name + '\n' + cookie.domain + '\n' + cookie.path;
}

bool has_expired(const Cookie& cookie, std::int64_t now) {
  return cookie.expires != 0 && cookie.expires <= now;
}

// Normalises the domain and looks at all the rules for one cookie.
Reason check(Cookie& cookie) {
  if (auto reason = normalise_domain(cookie)) {
    return reason;
  }
  for (const auto rule : {check_name_and_value, check_path, check_prefix}) {
    if (auto reason = rule(cookie)) {
      return reason;
    }
  }
  return std::nullopt;
}

}  // namespace

// Without the list's rule for unknown names, which would make "localhost" a public suffix.
bool is_public_suffix(const std::string& domain) {
  return ::psl_is_public_suffix2(::psl_builtin(), domain.c_str(),
                                 PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

std::optional<std::string> CookieSet::add(Cookie cookie) {
  if (auto reason = check(cookie)) {
    return reason;
  }
  if (replace(cookie)) {
    return std::nullopt;
  }
  if (cookies_.size() >= kMaxCookies) {
    return "there are 3,000 cookies already";
  }
  append(std::move(cookie));
  return std::nullopt;
}

std::optional<std::string> CookieSet::put(Cookie cookie, std::int64_t now) {
  if (auto reason = check(cookie)) {
    return reason;
  }
  if (replace(cookie)) {
    return std::nullopt;
  }
  if (counts_[cookie.domain] >= kMaxPerDomain) {
    make_room(now, [&cookie](const Cookie& old) { return old.domain == cookie.domain; });
  }
  if (cookies_.size() >= kMaxCookies) {
    make_room(now, [](const Cookie& /*old*/) { return true; });
  }
  append(std::move(cookie));
  return std::nullopt;
}

bool CookieSet::replace(const Cookie& cookie) {
  const auto found = positions_.find(identity(cookie));
  if (found == positions_.end()) {
    return false;
  }
  Cookie& old = cookies_[found->second];
  const std::uint64_t order = old.order;
  old = cookie;
  old.order = order;
  return true;
}

void CookieSet::append(Cookie cookie) {
  ++counts_[cookie.domain];
  positions_.emplace(identity(cookie), cookies_.size());
  cookie.order = next_order_++;
  cookies_.push_back(std::move(cookie));
}

// Erases one: an expired one, else the oldest.
template <typename Predicate>
void CookieSet::make_room(std::int64_t now, Predicate may_go) {
  std::size_t victim = cookies_.size();
  for (std::size_t i = 0; i < cookies_.size(); ++i) {
    if (!may_go(cookies_[i])) {
      continue;
    }
    if (has_expired(cookies_[i], now)) {
      victim = i;
      break;
    }
    victim = std::min(victim, i);
  }
  erase(victim);
}

void CookieSet::erase(std::size_t position) {
  const auto count = counts_.find(cookies_[position].domain);
  if (--count->second == 0) {
    counts_.erase(count);
  }
  positions_.erase(identity(cookies_[position]));
  cookies_.erase(cookies_.begin() + static_cast<std::ptrdiff_t>(position));
  for (std::size_t i = position; i < cookies_.size(); ++i) {
    positions_[identity(cookies_[i])] = i;
  }
}

void CookieSet::drop_expired(std::int64_t now) {
  CookieSet kept;
  for (Cookie& cookie : cookies_) {
    if (!has_expired(cookie, now)) {
      const std::uint64_t order = cookie.order;
      kept.append(std::move(cookie));
      kept.cookies_.back().order = order;
    }
  }
  kept.next_order_ = next_order_;
  *this = std::move(kept);
}

}  // namespace ws::protocol
