// SPDX-License-Identifier: MIT
// What a probe of an upstream found, step by step; plain values, no secret among them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ws/close_code.h>
#include <ws/cookie_jar.h>
#include <ws/error.h>
#include <ws/opening_details.h>

namespace wsbridged {

// In the order of a dial.
enum class ProbeStep : std::uint8_t { kOptions, kDns, kTcp, kProxy, kTls, kUpgrade, kPing, kClose };
inline constexpr std::size_t kProbeStepCount = 8;
// "options", "dns", "tcp", …
[[nodiscard]] std::string_view to_string(ProbeStep step);

enum class ProbeOutcome : std::uint8_t { kOk, kFailed, kNotNeeded, kNotReached };
// "ok", "failed", "not needed", "not reached".
[[nodiscard]] std::string_view to_string(ProbeOutcome outcome);

struct ProbeStepResult {
  ProbeOutcome outcome = ProbeOutcome::kNotReached;
  std::chrono::microseconds time{0};
};

// A cookie of the bridge's jar; never its value.
struct ProbeCookie {
  std::string name;
  std::string domain;
  std::string path;
  bool is_sent = false;
  std::string why;  // of one that is not sent
};

// Of the server's response; empty until it came.
struct ProbeResponse {
  int status = 0;
  std::string reason;                // the server's words
  std::string subprotocol;           // chosen
  std::string extensions;            // the server's answer
  std::vector<ws::Header> headers;   // those that tell something and hold no secret
  std::vector<std::string> cookies;  // names of those that the server sets
};

struct ProbeReport {
  std::string bridge;
  std::string url;  // redacted
  std::string address;
  std::array<ProbeStepResult, kProbeStepCount> steps{};
  ws::OpeningDetails details;
  bool is_tls_wanted = false;
  std::vector<std::string> offered_subprotocols;
  bool is_compression_offered = false;
  ProbeResponse response;
  std::string cookie_jar;  // the file; empty: none
  std::vector<ProbeCookie> cookies;
  std::optional<ws::CloseInfo> close;
  std::string failure;  // empty: all went well
  std::string advice;

  [[nodiscard]] ProbeStepResult& step(ProbeStep step) {
    return steps[static_cast<std::size_t>(step)];
  }

  [[nodiscard]] const ProbeStepResult& step(ProbeStep step) const {
    return steps[static_cast<std::size_t>(step)];
  }

  [[nodiscard]] bool is_ok() const { return failure.empty(); }
};

// Where an opening that fails in `phase` has failed.
[[nodiscard]] ProbeStep step_of(ws::Phase phase);

// The headers of a response that are worth showing: from a list of known names, redirects without
// their queries.
[[nodiscard]] std::vector<ws::Header> telling_headers(const ws::HttpResponse& response);
// The fields of that name, in lower case, in one; safe to show.
[[nodiscard]] std::string shown_header(const ws::HttpResponse& response, std::string_view name);
// "sid", "lang": what Set-Cookie fields name.
[[nodiscard]] std::vector<std::string> names_of_set_cookies(const ws::HttpResponse& response);
[[nodiscard]] ProbeCookie probe_cookie(const ws::CookieDecision& decision);

// "2026-12-01 10:00:00 UTC".
[[nodiscard]] std::string utc_date(std::int64_t unix_time);

}  // namespace wsbridged
