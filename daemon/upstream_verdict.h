// SPDX-License-Identifier: MIT
// What the end of an upstream connection means: an end, or a failure, and is it worth trying again?
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <ws/close_code.h>
#include <ws/error.h>

namespace wsbridged {

enum class UpstreamVerdict : std::uint8_t {
  kEnd,        // the peer was done
  kTransient,  // trying again may help
  kPermanent,  // trying again would end the same way
};

// Of a Close frame that the peer sent first.
[[nodiscard]] UpstreamVerdict verdict_on_close(std::uint16_t code);
// Of an opening that failed, or of a connection that broke.
[[nodiscard]] UpstreamVerdict verdict_on_error(const ws::Error& error);
// 401 or 403: with other credentials it might be another answer.
[[nodiscard]] bool refuses_credentials(const ws::Error& error);

// No server makes a session wait longer than this.
inline constexpr std::chrono::milliseconds kLongestRetryAfter = std::chrono::hours(1);

// The Retry-After of the response (RFC 9110 section 10.2.3), seconds or a date, at most
// kLongestRetryAfter; 0 when there is none that can be read.
[[nodiscard]] std::chrono::milliseconds retry_after(const ws::Error& error,
                                                    std::chrono::system_clock::time_point now);

// The code that went out with a failure of an open connection, or 1006 when none could.
[[nodiscard]] std::uint16_t close_code_of(ws::ErrorCode code);
// "upstream closed with 1001 (going away)"
[[nodiscard]] std::string close_cause(std::uint16_t code);

}  // namespace wsbridged
