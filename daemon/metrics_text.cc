// SPDX-License-Identifier: MIT
#include "daemon/metrics_text.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "daemon/metrics_writer.h"
#include "daemon/unix_time.h"
#include "daemon/version.h"

namespace wsbridged {

namespace {

using Bridges = std::vector<BridgeView>;
using Reasons = std::map<std::string, std::uint64_t, std::less<>>;

// Present from the start, as all reasons are, so that a first one is seen as an increase.
constexpr std::array<std::string_view, 4> kUsualCodes{"1000", "1001", "1006", "none"};

void write_daemon(MetricsWriter& out, const Snapshot& snapshot) {
  out.gauge("wsbridged_build_info", "Always 1; the labels say which build this is.");
  out.sample({{"version", kVersion}, {"revision", kRevision}}, std::uint64_t{1});
  out.gauge("wsbridged_config_last_reload_success",
            "1 when the last loading of the configuration succeeded, else 0.");
  out.sample({}, std::uint64_t{snapshot.reload.is_success});
  out.gauge("wsbridged_config_last_reload_timestamp_seconds",
            "Unix time of the last loading of the configuration.");
  out.sample({}, unix_seconds(snapshot.reload.time));
  out.counter("wsbridged_accept_pauses_total",
              "How often accepting paused for want of descriptors or memory.");
  out.sample({}, snapshot.accept_pauses);
}

void write_sessions(MetricsWriter& out, const Bridges& bridges) {
  out.gauge("wsbridged_sessions", "Live sessions.");
  for (const BridgeView& bridge : bridges) {
    out.sample({{"bridge", bridge.name}}, bridge.totals.sessions);
  }
  out.counter("wsbridged_sessions_total", "Sessions that were started.");
  for (const BridgeView& bridge : bridges) {
    out.sample({{"bridge", bridge.name}}, bridge.totals.sessions_total);
  }
  out.counter("wsbridged_dials_total",
              "Ways to an open WebSocket that were tried, by where they ended; those that the "
              "local program left are not counted.");
  for (const BridgeView& bridge : bridges) {
    for (std::size_t i = 0; i < kDialResults.size(); ++i) {
      out.sample({{"bridge", bridge.name}, {"result", kDialResults[i]}}, bridge.totals.dials[i]);
    }
  }
}

struct LineMetric {
  std::string_view name;
  std::string_view help;
  std::uint64_t DirectionTotals::*value;
};

void write_directions(MetricsWriter& out, const Bridges& bridges, const LineMetric& metric) {
  for (const BridgeView& bridge : bridges) {
    out.sample({{"bridge", bridge.name}, {"direction", "up"}}, bridge.totals.up.*metric.value);
    out.sample({{"bridge", bridge.name}, {"direction", "down"}}, bridge.totals.down.*metric.value);
  }
}

struct ReasonedMetric {
  std::span<const LineReason> reasons;
  Reasons DirectionTotals::*counted;
};

void write_reasons(MetricsWriter& out, const BridgeView& bridge, const ReasonedMetric& metric) {
  for (const auto& [direction, word] : metric.reasons) {
    const DirectionTotals& totals =
        direction == Direction::kUp ? bridge.totals.up : bridge.totals.down;
    const Reasons& counted = totals.*metric.counted;
    const auto found = counted.find(word);
    out.sample({{"bridge", bridge.name}, {"direction", to_string(direction)}, {"reason", word}},
               found == counted.end() ? std::uint64_t{0} : found->second);
  }
}

void write_lines(MetricsWriter& out, const Bridges& bridges) {
  constexpr LineMetric kLines{"wsbridged_lines_total",
                              "Lines passed on: local to upstream (up) and back (down).",
                              &DirectionTotals::lines};
  constexpr LineMetric kBytes{"wsbridged_bytes_total", "Bytes of those lines, without delimiters.",
                              &DirectionTotals::bytes};
  for (const LineMetric& metric : {kLines, kBytes}) {
    out.counter(metric.name, metric.help);
    write_directions(out, bridges, metric);
  }
  out.counter("wsbridged_dropped_lines_total",
              "Lines taken from one side and never given to the other.");
  for (const BridgeView& bridge : bridges) {
    write_reasons(out, bridge, {kDropReasons, &DirectionTotals::dropped_lines});
  }
  out.counter("wsbridged_altered_lines_total", "Lines that a policy changed.");
  for (const BridgeView& bridge : bridges) {
    write_reasons(out, bridge, {kAlterReasons, &DirectionTotals::altered_lines});
  }
}

template <const auto& kBounds>
MetricsWriter::Buckets buckets_of(const Histogram<kBounds>& histogram) {
  return {.bounds = kBounds, .counts = histogram.counts, .sum = histogram.sum};
}

void write_times(MetricsWriter& out, const Bridges& bridges) {
  out.histogram("wsbridged_open_seconds",
                "Time of each phase of the dials that led to an open WebSocket.");
  for (const BridgeView& bridge : bridges) {
    for (std::size_t i = 0; i < kOpenPhases.size(); ++i) {
      out.sample({{"bridge", bridge.name}, {"phase", kOpenPhases[i]}},
                 buckets_of(bridge.totals.open_seconds[i]));
    }
  }
  out.histogram("wsbridged_session_seconds", "Duration of the sessions that have ended.");
  for (const BridgeView& bridge : bridges) {
    out.sample({{"bridge", bridge.name}}, buckets_of(bridge.totals.session_seconds));
  }
  out.histogram("wsbridged_ping_rtt_seconds", "Round trips of answered pings.");
  for (const BridgeView& bridge : bridges) {
    out.sample({{"bridge", bridge.name}}, buckets_of(bridge.totals.ping_rtt_seconds));
  }
}

void write_closes(MetricsWriter& out, const Bridges& bridges) {
  out.counter("wsbridged_closes_total",
              "Sessions that have ended, by who ended them first and the WebSocket close code.");
  for (const BridgeView& bridge : bridges) {
    auto closes = bridge.totals.closes;
    for (const Side side : {Side::kLocal, Side::kUpstream, Side::kBridge}) {
      for (const std::string_view code : kUsualCodes) {
        closes.emplace(std::pair(side, std::string(code)), 0);
      }
    }
    for (const auto& [key, count] : closes) {
      out.sample({{"bridge", bridge.name}, {"by", to_string(key.first)}, {"code", key.second}},
                 count);
    }
  }
}

struct BridgeMetric {
  std::string_view name;
  std::string_view help;
  std::uint64_t BridgeTotals::*value;
};

void write_reconnects(MetricsWriter& out, const Bridges& bridges) {
  const auto write = [&out, &bridges](std::uint64_t BridgeTotals::*value) {
    for (const BridgeView& bridge : bridges) {
      out.sample({{"bridge", bridge.name}}, bridge.totals.*value);
    }
  };
  out.counter("wsbridged_reconnects_total", "Upstreams that came back within a session.");
  write(&BridgeTotals::reconnects);
  out.counter("wsbridged_replayed_lines_total", "Lines that were sent again after a reconnect.");
  write(&BridgeTotals::replayed_lines);
  out.gauge("wsbridged_unconfirmed_bytes", "Bytes of lines kept for a replay.");
  write(&BridgeTotals::unconfirmed_bytes);
  out.gauge("wsbridged_buffered_bytes",
            "Bytes taken from one side and not yet given to the other's kernel.");
  write_directions(out, bridges, {"", "", &DirectionTotals::buffered_bytes});
}

void write_expiries(MetricsWriter& out, const Bridges& bridges) {
  const auto write = [&out](const BridgeView& bridge, std::int64_t expires) {
    if (expires != 0) {
      out.sample({{"bridge", bridge.name}}, static_cast<double>(expires));
    }
  };
  out.gauge("wsbridged_cookie_expiry_timestamp_seconds",
            "Unix time when the first of the cookies that are sent expires.");
  for (const BridgeView& bridge : bridges) {
    write(bridge, bridge.cookie_expires);
  }
  out.gauge("wsbridged_certificate_expiry_timestamp_seconds",
            "Unix time when the server's certificate, as last seen, expires.");
  for (const BridgeView& bridge : bridges) {
    write(bridge, bridge.totals.certificate_expires);
  }
}

void write_process(MetricsWriter& out, const ProcessStats& process) {
  out.counter("process_cpu_seconds_total", "User and system CPU time.");
  out.sample({}, process.cpu_seconds);
  out.gauge("process_open_fds", "Open file descriptors.");
  out.sample({}, process.open_fds);
  out.gauge("process_max_fds", "Limit of open file descriptors.");
  out.sample({}, process.max_fds);
  out.gauge("process_virtual_memory_bytes", "Virtual memory size.");
  out.sample({}, process.virtual_memory_bytes);
  out.gauge("process_resident_memory_bytes", "Resident memory size.");
  out.sample({}, process.resident_memory_bytes);
  out.gauge("process_start_time_seconds", "Unix time when the process started.");
  out.sample({}, process.start_time_seconds);
  out.gauge("process_threads", "Threads.");
  out.sample({}, process.threads);
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const ProcessStats& process) {
  MetricsWriter out;
  write_daemon(out, snapshot);
  write_sessions(out, snapshot.bridges);
  write_lines(out, snapshot.bridges);
  write_times(out, snapshot.bridges);
  write_closes(out, snapshot.bridges);
  write_reconnects(out, snapshot.bridges);
  write_expiries(out, snapshot.bridges);
  write_process(out, process);
  return out.take();
}

}  // namespace wsbridged
