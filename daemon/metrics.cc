// SPDX-License-Identifier: MIT
#include "daemon/metrics.h"

#include <algorithm>

namespace wsbridged {

namespace {

using Reasons = std::map<std::string, std::uint64_t, std::less<>>;

void count(Reasons& reasons, std::string_view reason) {
  const auto found = reasons.find(reason);
  if (found != reasons.end()) {
    ++found->second;
  } else {
    reasons.emplace(reason, 1);
  }
}

template <class Map>
void add_all(Map& sum, const Map& other) {
  for (const auto& [key, value] : other) {
    sum[key] += value;
  }
}

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::kUp ? "up" : "down";
}

DialResult dial_result(const ws::Error& error) {
  if (error.code == ws::ErrorCode::kTimeout) {
    return DialResult::kTimeout;
  }
  switch (error.phase) {
    case ws::Phase::kResolve:
      return DialResult::kDns;
    case ws::Phase::kConnect:
      return DialResult::kTcp;
    case ws::Phase::kProxy:
      return DialResult::kProxy;
    case ws::Phase::kTls:
      return DialResult::kTls;
    case ws::Phase::kHttp:
      return error.code == ws::ErrorCode::kHandshakeRejected ? DialResult::kProtocol
                                                             : DialResult::kHttp;
    case ws::Phase::kOptions:
    case ws::Phase::kOpen:
      break;
  }
  return DialResult::kProtocol;
}

std::string close_code_label(std::uint16_t code) {
  if (code >= 1000 && code <= 1014) {
    return std::to_string(code);
  }
  if (code >= 3000 && code <= 4999) {
    return code < 4000 ? "3xxx" : "4xxx";
  }
  return "none";
}

void DirectionTotals::add(const DirectionTotals& other) {
  lines += other.lines;
  bytes += other.bytes;
  buffered_bytes += other.buffered_bytes;
  add_all(dropped_lines, other.dropped_lines);
  add_all(altered_lines, other.altered_lines);
}

void BridgeTotals::count_dropped(DropReason reason) {
  const auto& [direction, word] = explain(reason);
  count(of(direction).dropped_lines, word);
}

void BridgeTotals::count_altered(AlterReason reason) {
  const auto& [direction, word] = explain(reason);
  count(of(direction).altered_lines, word);
}

void BridgeTotals::count_open(const ws::OpeningTimes& times, const std::optional<ws::TlsInfo>& tls,
                              std::int64_t now) {
  ++dials[static_cast<std::size_t>(DialResult::kOk)];
  // A phase that there was none of took no time: an address needs no name server.
  const std::array phases{times.resolve, times.connect, times.proxy, times.tls, times.http};
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (phases[i].count() > 0) {
      open_seconds[i].observe(phases[i]);
    }
  }
  if (tls) {
    certificate_expires = tls->certificate_expires;
    certificate_seen_at = now;
  }
}

void BridgeTotals::count_failed_dial(const ws::Error& error) {
  ++dials[static_cast<std::size_t>(dial_result(error))];
}

void BridgeTotals::count_lines(const DirectionCounters& lines_up,
                               const DirectionCounters& lines_down) {
  up.lines += lines_up.lines;
  up.bytes += lines_up.bytes;
  down.lines += lines_down.lines;
  down.bytes += lines_down.bytes;
}

void BridgeTotals::count_upstream(const UpstreamCounters& counters) {
  reconnects += counters.reconnects;
  replayed_lines += counters.replayed_lines;
}

void BridgeTotals::count_end(const SessionReport& report, std::chrono::milliseconds duration) {
  count_lines(report.up, report.down);
  count_upstream(report.upstream);
  session_seconds.observe(duration);
  const Side by = report.end ? report.end->by : Side::kBridge;
  ++closes[{by, close_code_label(report.close_code)}];
}

void BridgeTotals::add(const BridgeTotals& other) {
  sessions += other.sessions;
  sessions_total += other.sessions_total;
  for (std::size_t i = 0; i < dials.size(); ++i) {
    dials[i] += other.dials[i];
  }
  for (std::size_t i = 0; i < open_seconds.size(); ++i) {
    open_seconds[i].add(other.open_seconds[i]);
  }
  session_seconds.add(other.session_seconds);
  ping_rtt_seconds.add(other.ping_rtt_seconds);
  up.add(other.up);
  down.add(other.down);
  add_all(closes, other.closes);
  reconnects += other.reconnects;
  replayed_lines += other.replayed_lines;
  unconfirmed_bytes += other.unconfirmed_bytes;
  if (other.certificate_seen_at > certificate_seen_at) {
    certificate_seen_at = other.certificate_seen_at;
    certificate_expires = other.certificate_expires;
  }
}

}  // namespace wsbridged
