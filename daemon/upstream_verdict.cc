// SPDX-License-Identifier: MIT
#include "daemon/upstream_verdict.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string_view>

namespace wsbridged {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

UpstreamVerdict verdict_on_status(int status) {
  const bool is_transient =
      status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
  return is_transient ? UpstreamVerdict::kTransient : UpstreamVerdict::kPermanent;
}

// The three forms of RFC 9110 section 5.6.7, the last two obsolete.
constexpr std::array<const char*, 3> kDateFormats = {
    "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};

// Seconds since 1970: a time_point cannot hold every date.
std::optional<std::time_t> parse_http_date(const std::string& text) {
  for (const char* const format : kDateFormats) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') {
      return ::timegm(&parts);
    }
  }
  return std::nullopt;
}

std::optional<milliseconds> parse_seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::int64_t longest = std::chrono::duration_cast<seconds>(kLongestRetryAfter).count();
  return seconds(parsed.ec == std::errc() ? std::min(count, longest) : longest);
}

}  // namespace

UpstreamVerdict verdict_on_close(std::uint16_t code) {
  switch (code) {
    case ws::kCloseNormal:
    case ws::kCloseNoStatus:
      return UpstreamVerdict::kEnd;
    case ws::kCloseGoingAway:
    case ws::kCloseAbnormal:
    case ws::kCloseInternalError:
    case ws::kCloseServiceRestart:
    case ws::kCloseTryAgainLater:
    case ws::kCloseBadGateway:
      return UpstreamVerdict::kTransient;
    default:
      return UpstreamVerdict::kPermanent;
  }
}

UpstreamVerdict verdict_on_error(const ws::Error& error) {
  switch (error.code) {
    case ws::ErrorCode::kResolveFailed:
    case ws::ErrorCode::kConnectFailed:
    case ws::ErrorCode::kTlsFailed:  // a server that is being started may speak no TLS yet
    case ws::ErrorCode::kConnectionLost:
    case ws::ErrorCode::kTimeout:
    case ws::ErrorCode::kPingTimeout:
      return UpstreamVerdict::kTransient;
    case ws::ErrorCode::kHttpStatus:
      return verdict_on_status(error.response ? error.response->status : 0);
    case ws::ErrorCode::kProxyRefused:  // by SOCKS: mostly that the server could not be reached
      return error.response ? verdict_on_status(error.response->status)
                            : UpstreamVerdict::kTransient;
    default:
      return UpstreamVerdict::kPermanent;
  }
}

bool refuses_credentials(const ws::Error& error) {
  return error.code == ws::ErrorCode::kHttpStatus && error.response &&
         (error.response->status == 401 || error.response->status == 403);
}

milliseconds retry_after(const ws::Error& error, std::chrono::system_clock::time_point now) {
  const std::string* const text = error.response ? error.response->find("Retry-After") : nullptr;
  if (text == nullptr) {
    return milliseconds(0);
  }
  if (const auto wait = parse_seconds(*text)) {
    return *wait;
  }
  const auto date = parse_http_date(*text);
  const std::time_t wait = date ? *date - std::chrono::system_clock::to_time_t(now) : 0;
  const std::time_t longest = std::chrono::duration_cast<seconds>(kLongestRetryAfter).count();
  return seconds(std::clamp<std::time_t>(wait, 0, longest));
}

std::uint16_t close_code_of(ws::ErrorCode code) {
  switch (code) {
    case ws::ErrorCode::kMessageTooBig:
      return ws::kCloseMessageTooBig;
    case ws::ErrorCode::kInvalidUtf8:
    case ws::ErrorCode::kInvalidCompression:
      return ws::kCloseInvalidPayload;
    case ws::ErrorCode::kProtocolViolation:
      return ws::kCloseProtocolError;
    default:
      return ws::kCloseAbnormal;
  }
}

std::string close_cause(std::uint16_t code) {
  if (code == ws::kCloseNoStatus) {
    return "upstream closed";
  }
  const std::string_view name = ws::close_code_name(code);
  return "upstream closed with " + std::to_string(code) +
         (name.empty() ? std::string() : " (" + std::string(name) + ")");
}

}  // namespace wsbridged
