// SPDX-License-Identifier: MIT
#include "protocol/redirect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

constexpr std::array kRedirects = {301, 302, 303, 307, 308};

struct Scheme {
  std::string_view text;
  std::string_view own;  // how parse_url() wants it
};

constexpr std::array<Scheme, 4> kSchemes = {
    {{"http://", "ws://"}, {"https://", "wss://"}, {"ws://", "ws://"}, {"wss://", "wss://"}}};

std::string_view scheme_of(const Url& url) {
  return url.secure ? "wss:" : "ws:";
}

// The text with the scheme that parse_url() takes; empty for other schemes.
std::string with_own_scheme(std::string_view text) {
  const std::size_t end = text.find("://");
  const std::string given = lower_case(text.substr(0, std::min(end, text.size()))) + "://";
  for (const Scheme& scheme : kSchemes) {
    if (end != std::string_view::npos && given == scheme.text) {
      return std::string(scheme.own).append(text.substr(scheme.text.size()));
    }
  }
  return {};
}

// RFC 3986 section 4.2: a colon before any slash, question mark or number sign ends a scheme.
bool has_scheme(std::string_view reference) {
  const std::size_t end = reference.find_first_of(":/?#");
  return end != std::string_view::npos && reference[end] == ':';
}

// RFC 3986 section 5.2.4, on a path that begins with a slash.
std::string remove_dot_segments(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/..") {
      result.erase(std::min(result.rfind('/'), result.size()));
    } else if (segment != "/.") {
      result += segment;
      continue;
    }
    if (path.empty()) {
      result += '/';
    }
  }
  return result;
}

// The reference as an absolute URL, its fragment dropped (RFC 3986 section 5.2.2).
std::string resolve_reference(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (has_scheme(reference)) {
    return with_own_scheme(reference);
  }
  if (reference.starts_with("//")) {
    return std::string(scheme_of(base)).append(reference);
  }
  std::string text = std::string(scheme_of(base)) + "//" + base.authority();
  if (reference.starts_with('/')) {
    return text.append(reference);
  }
  if (reference.empty()) {
    return text.append(base.target);
  }
  const std::string_view path = base.path();
  const bool keeps_path = reference.starts_with('?');
  return text.append(keeps_path ? path : path.substr(0, path.rfind('/') + 1)).append(reference);
}

struct Destination {
  std::optional<Url> url{};
  std::string_view rule{};  // that forbids it, when there is no URL
};

Destination destination_of(const Url& from, const HttpResponse& response) {
  const auto locations = field_values(response.headers, "Location");
  if (locations.size() != 1) {
    return {.rule = locations.empty() ? "it has no Location header"
                                      : "it has more than one Location header"};
  }
  const std::string text = resolve_reference(from, locations.front());
  if (text.empty()) {
    return {.rule = "its Location is neither an http nor a ws URL"};
  }
  auto url = parse_url(text);
  if (!url) {
    return {.rule = "its Location cannot be understood"};
  }
  if (!url->user.empty() || !url->password.empty()) {
    return {.rule = "its Location holds a user"};  // who would be somebody else than ours
  }
  const std::size_t query = url->path().size();
  url->target.replace(0, query, remove_dot_segments(url->path()));
  return {.url = std::move(*url)};
}

std::string origin_text(const Url& url) {
  return std::string(scheme_of(url)) + "//" + url.authority();
}

Error refused(const HttpResponse& response, const std::string& rule) {
  const std::string message = "the server answered " + std::to_string(response.status);
  return {.phase = Phase::kHttp,
          .code = ErrorCode::kRedirectRefused,
          .message = message + ", a redirect that is not followed: " + rule,
          .response = response};
}

}  // namespace

Origin origin_of(const Url& url) {
  return {.secure = url.secure, .host = url.host, .port = url.port};
}

Result<Origin> parse_origin(std::string_view text) {
  const auto url = parse_url(with_own_scheme(text));
  if (!url || url.value().target != "/" || text.find_first_of("?@") != std::string_view::npos) {
    return Error{.phase = Phase::kOptions,
                 .code = ErrorCode::kInvalidOption,
                 .message =
                     "redirect_to: an origin is written scheme://host or scheme://host:port,"
                     " the scheme being wss, ws, https or http"};
  }
  return origin_of(url.value());
}

bool is_redirect(int status) {
  return std::find(kRedirects.begin(), kRedirects.end(), status) != kRedirects.end();
}

RedirectChain::RedirectChain(const Url& first, std::size_t max_hops, std::vector<Origin> allowed)
    : first_(origin_of(first)),
      max_hops_(std::min(max_hops, kMaxHops)),
      allowed_(std::move(allowed)) {}

Result<Url> RedirectChain::follow(const Url& from, std::string_view cookie,
                                  const HttpResponse& response) {
  auto [to, broken_rule] = destination_of(from, response);
  if (!to) {
    return refused(response, std::string(broken_rule));
  }
  if (const std::string rule = rule_against(from, *to); !rule.empty()) {
    return refused(response, rule);
  }
  if (!asked_.insert(origin_text(from) + from.target + '\n' + std::string(cookie)).second) {
    return refused(response, "it goes round in circles");
  }
  if (hops_ == max_hops_) {
    return refused(response,
                   "there were " + std::to_string(hops_) + " before it already (follow_redirects)");
  }
  ++hops_;
  return *std::move(to);
}

std::string RedirectChain::rule_against(const Url& from, const Url& to) const {
  if (from.secure && !to.secure) {
    return "it leads from wss to ws";
  }
  const Origin origin = origin_of(to);
  const bool is_allowed = origin == first_ || origin == origin_of(from) ||
                          std::find(allowed_.begin(), allowed_.end(), origin) != allowed_.end();
  return is_allowed ? "" : "it leads to " + origin_text(to) + ", which redirect_to does not list";
}

}  // namespace ws::protocol
