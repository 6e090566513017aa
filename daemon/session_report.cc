// SPDX-License-Identifier: MIT
#include "daemon/session_report.h"

namespace wsbridged {

std::string_view to_string(Side side) {
  switch (side) {
    case Side::kLocal:
      return "local";
    case Side::kUpstream:
      return "upstream";
    case Side::kBridge:
      return "bridge";
  }
  return "";
}

bool SessionReport::has_lost_bytes() const {
  const std::uint64_t dropped = up.dropped_lines - up.unwanted_lines + down.dropped_lines;
  return unsent_bytes_up + unsent_bytes_down + dropped > 0;
}

void log_session_end(Log& log, const SessionName& name, const SessionReport& report,
                     std::chrono::milliseconds duration) {
  const SessionEnd end = report.end.value_or(SessionEnd{});
  const bool is_warning = end.is_error || report.has_lost_bytes();
  const Log::Level level = is_warning ? Log::Level::kWarn : Log::Level::kInfo;
  if (!log.is_on(level)) {
    return;
  }
  log.write(level, end.is_error ? "session failed" : "session ended",
            {{"bridge", name.bridge},
             {"session", name.id},
             {"cause", end.cause},
             {"advice", end.advice},
             {"by", std::string(to_string(end.by))},
             {"peer", name.peer},
             {"close_code", std::uint64_t{report.close_code}},
             Field::peer_text("close_reason", report.close_reason),
             Field::peer_text("answer_reason", report.answer_reason),
             {"lines_up", report.up.lines},
             {"bytes_up", report.up.bytes},
             {"lines_down", report.down.lines},
             {"bytes_down", report.down.bytes},
             {"dropped_lines_up", report.up.dropped_lines},
             {"dropped_lines_down", report.down.dropped_lines},
             {"dropped_reason", report.dropped_reason},
             {"altered_lines_up", report.up.altered_lines},
             {"altered_lines_down", report.down.altered_lines},
             {"unsent_bytes_up", report.unsent_bytes_up},
             {"unsent_bytes_down", report.unsent_bytes_down},
             {"discarded_bytes", report.discarded_bytes},
             {"reconnects", report.upstream.reconnects},
             {"replayed_lines", report.upstream.replayed_lines},
             {"unconfirmed_lines", report.upstream.unconfirmed_lines},
             {"partial_messages", report.upstream.partial_messages},
             {"duration_ms", std::int64_t{duration.count()}}});
}

}  // namespace wsbridged
