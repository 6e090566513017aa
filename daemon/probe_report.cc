// SPDX-License-Identifier: MIT
#include "daemon/probe_report.h"

#include <algorithm>
#include <ctime>
#include <variant>

#include "config/checks.h"
#include "daemon/log.h"

namespace wsbridged {

namespace {

constexpr std::size_t kMaxSetCookies = 50;
// None of them is a credential. (Subprotocol and extensions are told by name.)
constexpr std::array<std::string_view, 9> kTelling = {
    "server",          "via",     "date",    "content-type",
    "retry-after",     "upgrade", "x-cache", "sec-websocket-version",
    "www-authenticate"};

std::string peer_text(std::string_view text) {
  return std::get<std::string>(Field::peer_text("", text).value);
}

// "Bearer realm=…": the scheme is enough.
std::string first_word(const std::string& text) {
  return text.substr(0, text.find_first_of(" ,"));
}

// A URL without user information, query and fragment.
std::string without_secrets(const std::string& url) {
  std::string text = url.substr(0, url.find_first_of("?#"));
  const std::size_t begin = text.find("//");
  if (begin == std::string::npos) {
    return text;
  }
  const std::size_t at = text.substr(0, text.find('/', begin + 2)).rfind('@');
  return at == std::string::npos ? text : text.erase(begin + 2, at - begin - 1);
}

std::string why_kept_back(const ws::Cookie& cookie, ws::CookieVerdict verdict) {
  switch (verdict) {
    case ws::CookieVerdict::kSent:
      return {};
    case ws::CookieVerdict::kExpired:
      return "expired on " + utc_date(cookie.expires);
    case ws::CookieVerdict::kDomain:
      return std::string("is for ") + (cookie.host_only ? "the host " : "the domain ") +
             cookie.domain + (cookie.host_only ? " alone" : "");
    case ws::CookieVerdict::kPath:
      return "is for paths below " + cookie.path;
    case ws::CookieVerdict::kSecure:
      return "is Secure: it is sent over wss only";
    case ws::CookieVerdict::kTooLarge:
      return "the Cookie header is full (8 KiB)";
  }
  return {};
}

}  // namespace

std::string_view to_string(ProbeStep step) {
  constexpr std::array<std::string_view, kProbeStepCount> kNames = {
      "options", "dns", "tcp", "proxy", "tls", "upgrade", "ping", "close"};
  return kNames[static_cast<std::size_t>(step)];
}

std::string_view to_string(ProbeOutcome outcome) {
  constexpr std::array<std::string_view, 4> kNames = {"ok", "failed", "not needed", "not reached"};
  return kNames[static_cast<std::size_t>(outcome)];
}

ProbeStep step_of(ws::Phase phase) {
  switch (phase) {
    case ws::Phase::kOptions:
      return ProbeStep::kOptions;
    case ws::Phase::kResolve:
      return ProbeStep::kDns;
    case ws::Phase::kConnect:
      return ProbeStep::kTcp;
    case ws::Phase::kProxy:
      return ProbeStep::kProxy;
    case ws::Phase::kTls:
      return ProbeStep::kTls;
    case ws::Phase::kHttp:
      return ProbeStep::kUpgrade;
    case ws::Phase::kOpen:
      return ProbeStep::kPing;
  }
  return ProbeStep::kOptions;
}

std::vector<ws::Header> telling_headers(const ws::HttpResponse& response) {
  std::vector<ws::Header> headers;
  for (const ws::Header& header : response.headers) {
    const std::string name = config::lower_case(header.name);
    if (name == "upgrade" && response.status == 101) {
      continue;  // it says the same each time
    }
    if (name == "location") {
      headers.push_back({peer_text(header.name), peer_text(without_secrets(header.value))});
    } else if (name.ends_with("-authenticate")) {
      headers.push_back({peer_text(header.name), peer_text(first_word(header.value))});
    } else if (std::find(kTelling.begin(), kTelling.end(), name) != kTelling.end()) {
      headers.push_back({peer_text(header.name), peer_text(header.value)});
    }
  }
  return headers;
}

std::string shown_header(const ws::HttpResponse& response, std::string_view name) {
  std::string values;
  for (const ws::Header& header : response.headers) {
    if (config::lower_case(header.name) == name) {
      values += (values.empty() ? "" : ", ") + header.value;
    }
  }
  return peer_text(values);
}

std::vector<std::string> names_of_set_cookies(const ws::HttpResponse& response) {
  std::vector<std::string> names;
  for (const ws::Header& header : response.headers) {
    const std::size_t equals = header.value.find('=');
    if (config::lower_case(header.name) == "set-cookie" && equals != std::string::npos &&
        names.size() < kMaxSetCookies) {
      names.push_back(peer_text(header.value.substr(0, equals)));
    }
  }
  return names;
}

ProbeCookie probe_cookie(const ws::CookieDecision& decision) {
  return {.name = peer_text(decision.cookie.name),
          .domain = decision.cookie.domain,
          .path = peer_text(decision.cookie.path),
          .is_sent = decision.verdict == ws::CookieVerdict::kSent,
          .why = why_kept_back(decision.cookie, decision.verdict)};
}

std::string utc_date(std::int64_t unix_time) {
  const auto time = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  std::array<char, 40> text{};
  if (gmtime_r(&time, &parts) == nullptr) {
    return "an unreadable date";
  }
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace wsbridged
