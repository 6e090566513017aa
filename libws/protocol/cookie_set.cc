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

// Without the list's rule for unknown names, which would make "localhost" a public suffix.
bool is_public_suffix(const std::string& domain) {
  return ::psl_is_public_suffix2(::psl_builtin(), domain.c_str(),
                                 PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
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

}  // namespace

std::optional<std::string> CookieSet::add(Cookie cookie) {
  if (auto reason = normalise_domain(cookie)) {
    return reason;
  }
  for (const auto check : {check_name_and_value, check_path, check_prefix}) {
    if (auto reason = check(cookie)) {
      return reason;
    }
  }
  const std::string key = identity(cookie);
  if (const auto found = positions_.find(key); found != positions_.end()) {
    Cookie& old = cookies_[found->second];
    cookie.order = old.order;
    old = std::move(cookie);
    return std::nullopt;
  }
  if (cookies_.size() >= kMaxCookies) {
    return "there are 3,000 cookies already";
  }
  if (counts_[cookie.domain] >= kMaxPerDomain) {
    return "there are 50 cookies of its domain already";
  }
  ++counts_[cookie.domain];
  positions_.emplace(key, cookies_.size());
  cookie.order = cookies_.size();
  cookies_.push_back(std::move(cookie));
  return std::nullopt;
}

}  // namespace ws::protocol
