// SPDX-License-Identifier: MIT
// Why a session failed, in the one fixed wording that the local program is told (error_line). No
// text of a peer's is ever part of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ws/error.h>

namespace wsbridged {

enum class EndReason : std::uint8_t {
  kOther,
  kResolve,
  kConnect,
  kProxy,
  kTls,
  kHttpStatus,
  kHandshake,
  kTimeout,
  kLost,
  kPingTimeout,
  kClosed,
  kProtocol,
  kLineTooLong,
  kMessageTooBig,
  kInvalidUtf8,
  kBinaryMessage,
  kEmbeddedDelimiter,
  kTemplate,
};

inline constexpr std::uint8_t kEndReasonCount = 18;

[[nodiscard]] std::string_view to_string(EndReason reason);
[[nodiscard]] EndReason reason_of(const ws::Error& error);

// `format`, session.error_line, with each {reason} replaced.
[[nodiscard]] std::string error_line(std::string_view format, EndReason reason);

}  // namespace wsbridged
