// SPDX-License-Identifier: MIT
// What a session did and how it ended: the counters, and the one log entry at its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ws/error.h>

#include "daemon/end_reason.h"
#include "daemon/log.h"

namespace wsbridged {

enum class Side : std::uint8_t { kLocal, kUpstream, kBridge };
[[nodiscard]] std::string_view to_string(Side side);

struct DirectionCounters {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;           // of the lines, without delimiters
  std::uint64_t dropped_lines = 0;   // taken from one side, never given to the other
  std::uint64_t unwanted_lines = 0;  // those of them that a policy chose to drop
  std::uint64_t altered_lines = 0;   // changed by a policy (space, replace)
};

// Who ended the session first, and why. An error makes the local program see a cut, not an end.
struct SessionEnd {
  Side by = Side::kBridge;
  bool is_error = false;
  EndReason reason = EndReason::kOther;  // of an error, for error_line
  std::string cause{};                   // our own words: what happened
  std::string advice{};                  // what to do about it, empty when nothing is
};

// With reconnect.enabled.
struct UpstreamCounters {
  std::uint64_t reconnects = 0;         // opens after the first
  std::uint64_t replayed_lines = 0;     // sent once more
  std::uint64_t unconfirmed_lines = 0;  // at the end: sent, but perhaps not received
  std::uint64_t partial_messages = 0;   // of which a lost connection brought only a part
};

struct SessionReport {
  DirectionCounters up;
  DirectionCounters down;
  std::string dropped_reason;         // of the first dropped line or message
  std::uint64_t unsent_bytes_up = 0;  // taken from a side, not given to the other side's kernel
  std::uint64_t unsent_bytes_down = 0;
  std::uint64_t discarded_bytes =
      0;  // that the local program had written, looked at by nobody: the end had come
  std::uint16_t close_code = 0;  // on the wire, 1005 or 1006 as RFC 6455 has them; 0: never open
  std::string close_reason;      // the peer's
  std::string answer_reason;     // the phrase of the HTTP answer that refused us, the peer's, too
  UpstreamCounters upstream;
  std::optional<SessionEnd> end;

  // Were bytes taken from one side that never reached the other, against the configuration's wish?
  [[nodiscard]] bool has_lost_bytes() const;
};

// Names a session in every entry about it.
struct SessionName {
  const std::string& bridge;  // the Bridge's own: the session's slot keeps it
  std::uint64_t id = 0;
  std::string peer;
};

void log_session_end(Log& log, const SessionName& name, const SessionReport& report,
                     std::chrono::milliseconds duration);

}  // namespace wsbridged
