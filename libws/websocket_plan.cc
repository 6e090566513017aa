// SPDX-License-Identifier: MIT
// Checks of the options that no other room makes, and their division among the rooms.
#include "websocket_plan.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace ws {
namespace {

constexpr std::chrono::hours kLongest{24 * 365};

Error invalid(std::string message) {
  return Error{
      .phase = Phase::kOptions, .code = ErrorCode::kInvalidOption, .message = std::move(message)};
}

std::optional<Error> check_durations(const Options& options) {
  using std::chrono::milliseconds;
  const std::array<std::pair<const char*, milliseconds>, 4> durations{{
      {"connect_timeout", options.connect_timeout},
      {"close_timeout", options.close_timeout},
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

// RFC 6265 section 5.4: a request has one Cookie header at most.
std::optional<Error> check_cookie_sources(const Options& options) {
  const auto is_cookie = [](const Header& header) {
    return strcasecmp(header.name.c_str(), "Cookie") == 0;
  };
  if (options.cookie_jar != nullptr &&
      std::any_of(options.headers.begin(), options.headers.end(), is_cookie)) {
    return invalid("a Cookie header and a cookie jar: only one of them can fill the header");
  }
  return std::nullopt;
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

}  // namespace

Result<OpeningPlan> plan_opening(const Url& url, const Options& options) {
  if (auto error = check_durations(options)) {
    return std::move(*error);
  }
  if (auto error = check_cookie_sources(options)) {
    return std::move(*error);
  }
  protocol::HandshakeRequest request = make_request(url, options);
  if (auto error = protocol::check_request(request)) {
    return std::move(*error);
  }
  return OpeningPlan{
      .request = std::move(request),
      .target = {.host = url.lookup_name(),
                 .port = url.port,
                 .unix_path = options.unix_path,
                 .secure = url.secure,
                 .server_name =
                     options.tls.server_name.empty() ? url.host : options.tls.server_name,
                 .tls_context = options.tls_context},
      .tls = options.tls,
      .cookie_jar = options.cookie_jar,
      .timeout = options.connect_timeout};
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

std::string to_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + "s" : std::to_string(count) + "ms";
}

}  // namespace ws
