// SPDX-License-Identifier: MIT
// Checks of the options that no other room makes, and their division among the rooms.
#include "websocket_plan.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "protocol/basic_auth.h"

namespace ws {
namespace {

constexpr std::chrono::hours kLongest{24 * 365};

Error invalid(std::string message) {
  return Error{
      .phase = Phase::kOptions, .code = ErrorCode::kInvalidOption, .message = std::move(message)};
}

std::optional<Error> check_durations(const Options& options) {
  using std::chrono::milliseconds;
  const std::array<std::pair<const char*, milliseconds>, 5> durations{{
      {"connect_timeout", options.connect_timeout},
      {"close_timeout", options.close_timeout},
      {"flush_timeout", options.flush_timeout},
      {"ping_interval", options.ping_interval},
      {"ping_timeout", options.ping_timeout},
  }};
  for (const auto& [name, value] : durations) {
    if (value < milliseconds::zero() || value > kLongest) {
      return invalid(std::string(name) + " must be between 0 and a year");
    }
  }
  if (options.connect_timeout == milliseconds::zero()) {
    return invalid("connect_timeout must not be 0");
  }
  return std::nullopt;
}

// The value of the Authorization header, from basic_auth or from the URL.
Result<std::string> authorization(const Url& url, const Options& options) {
  const bool is_in_url = !url.user.empty() || !url.password.empty();
  if (options.basic_auth && is_in_url) {
    return invalid("basic_auth and a user in the URL: only one of them can fill the header");
  }
  if (!options.basic_auth) {
    return is_in_url ? protocol::basic_authorization(url.user, url.password) : std::string();
  }
  const auto& [user, password] = *options.basic_auth;
  const std::string_view violation = protocol::credentials_violation(user, password);
  if (!violation.empty()) {
    return invalid("basic_auth: " + std::string(violation));
  }
  return protocol::basic_authorization(user, password);
}

bool has_cookie_header(const Options& options) {
  return std::any_of(options.headers.begin(), options.headers.end(), [](const Header& header) {
    return strcasecmp(header.name.c_str(), "Cookie") == 0;
  });
}

// RFC 6265 section 5.4: a request has one Cookie header at most.
Result<CookiePlan> plan_cookies(const Options& options) {
  const bool has_jar = options.cookie_jar != nullptr || options.session_cookies != nullptr;
  if (has_jar && has_cookie_header(options)) {
    return invalid("a Cookie header and a cookie jar: only one of them can fill the header");
  }
  if (options.store_cookies && (!options.cookie_jar || options.session_cookies)) {
    return invalid("store_cookies needs a cookie_jar, and no session_cookies beside it");
  }
  if (options.session_cookies != nullptr && options.session_cookies == options.cookie_jar) {
    return invalid("session_cookies and cookie_jar must be two jars");
  }
  CookiePlan plan{.jar = options.cookie_jar, .session = options.session_cookies};
  if (options.store_cookies) {
    plan.keep = CookiePlan::Keep::kInFile;
  } else if (!has_cookie_header(options)) {
    plan.keep = CookiePlan::Keep::kInSession;
    if (plan.session == nullptr) {
      plan.session = std::make_shared<CookieJar>();
    }
    plan.session->lie_over(plan.jar);
  }
  return plan;
}

Result<protocol::RedirectChain> plan_redirects(const Url& url, const Options& options) {
  if (options.follow_redirects > protocol::RedirectChain::kMaxHops) {
    return invalid("follow_redirects must be 20 at most");
  }
  std::vector<protocol::Origin> allowed;
  for (const std::string& text : options.redirect_to) {
    auto origin = protocol::parse_origin(text);
    if (!origin) {
      return origin.error();
    }
    allowed.push_back(std::move(*origin));
  }
  return protocol::RedirectChain(url, options.follow_redirects, std::move(allowed));
}

protocol::HandshakeRequest make_request(const Url& url, const Options& options) {
  return {.url = url,
          .subprotocols = options.subprotocols,
          .require_subprotocol = options.require_subprotocol,
          .cookie = {},
          .origin = options.origin,
          .headers = options.headers,
          .max_header = options.max_header,
          .compression = options.compression};
}

protocol::ConnectionSettings connection_settings(const Options& options) {
  protocol::ConnectionSettings settings;
  settings.max_message = options.max_message;
  settings.max_frame = options.max_frame;
  settings.max_empty_fragments = options.max_empty_fragments;
  settings.ping_interval = options.ping_interval;
  settings.ping_timeout = options.ping_timeout;
  settings.close_timeout = options.close_timeout;
  return settings;
}

template <typename Value>
const Error* error_of(const Result<Value>& result) {
  return result ? nullptr : &result.error();
}

}  // namespace

Result<OpeningPlan> plan_opening(const Url& url, const Options& options) {
  if (auto error = check_durations(options)) {
    return std::move(*error);
  }
  auto credentials = authorization(url, options);
  auto cookies = plan_cookies(options);
  auto redirects = plan_redirects(url, options);
  auto route = make_route(options);
  for (const Error* error :
       {error_of(credentials), error_of(cookies), error_of(redirects), error_of(route)}) {
    if (error != nullptr) {
      return *error;
    }
  }
  protocol::HandshakeRequest request = make_request(url, options);
  request.authorization = std::move(*credentials);
  if (auto error = protocol::check_request(request)) {
    return std::move(*error);
  }
  return OpeningPlan{.request = std::move(request),
                     .route = std::move(*route),
                     .tls = options.tls,
                     .cookies = std::move(*cookies),
                     .redirects = std::move(*redirects),
                     .connection = connection_settings(options),
                     .timeout = options.connect_timeout};
}

void OpeningPlan::go_to(Url url) {
  if (protocol::origin_of(url) == protocol::origin_of(request.url)) {
    url.user = request.url.user;
    url.password = request.url.password;
  } else {
    // For good: who sent us away may send us back, too, and not to where we meant to log in.
    request.authorization.clear();
    std::erase_if(request.headers, [](const Header& header) {
      return strcasecmp(header.name.c_str(), "User-Agent") != 0;
    });
    route.leave_origin();
  }
  request.url = std::move(url);
}

std::string to_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + "s" : std::to_string(count) + "ms";
}

}  // namespace ws
