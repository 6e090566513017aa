// SPDX-License-Identifier: MIT
// What is counted of a bridge. Each worker counts for itself in plain cells on its own thread, and
// lines and bytes are taken from the sessions' own counters when somebody asks: the data path pays
// nothing. How it is printed is in metrics_text.cc.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <ws/error.h>
#include <ws/opening_times.h>
#include <ws/tls_info.h>

#include "daemon/direction.h"
#include "daemon/line_reasons.h"
#include "daemon/session_report.h"

namespace wsbridged {

inline constexpr std::array<double, 13> kOpenBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                    0.25,  0.5,    1,     2.5,  5,     10};
inline constexpr std::array<double, 12> kSessionBounds{0.1, 1,   5,    10,   30,    60,
                                                       300, 600, 1800, 3600, 14400, 86400};
inline constexpr std::array<double, 14> kRoundTripBounds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

// A histogram whose buckets end at `kBounds`, in seconds.
template <const auto& kBounds>
struct Histogram {
  std::array<std::uint64_t, kBounds.size() + 1> counts{};  // each bucket's own; the last: the rest
  double sum = 0;

  void observe(std::chrono::duration<double> value) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && value.count() > kBounds[bucket]) {
      ++bucket;
    }
    ++counts[bucket];
    sum += value.count();
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts[i] += other.counts[i];
    }
    sum += other.sum;
  }
};

enum class DialResult : std::uint8_t { kOk, kDns, kTcp, kProxy, kTls, kHttp, kProtocol, kTimeout };
inline constexpr std::array<std::string_view, 8> kDialResults{"ok",  "dns",  "tcp",      "proxy",
                                                              "tls", "http", "protocol", "timeout"};
[[nodiscard]] DialResult dial_result(const ws::Error& error);

inline constexpr std::array<std::string_view, 5> kOpenPhases{"dns", "tcp", "proxy", "tls", "http"};

[[nodiscard]] std::string_view to_string(Direction direction);

// "1000" to "1014", "3xxx", "4xxx", "none".
[[nodiscard]] std::string close_code_label(std::uint16_t code);

struct DirectionTotals {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t buffered_bytes = 0;  // now
  // By the words of line_reasons.h.
  std::map<std::string, std::uint64_t, std::less<>> dropped_lines;
  std::map<std::string, std::uint64_t, std::less<>> altered_lines;

  void add(const DirectionTotals& other);
};

// Of one bridge on one worker, or of all of them when added up. Belongs to one thread.
struct BridgeTotals {
  std::uint64_t sessions = 0;  // now
  std::uint64_t sessions_total = 0;
  std::array<std::uint64_t, kDialResults.size()> dials{};
  std::array<Histogram<kOpenBounds>, kOpenPhases.size()> open_seconds{};
  Histogram<kSessionBounds> session_seconds{};
  Histogram<kRoundTripBounds> ping_rtt_seconds{};
  DirectionTotals up{};
  DirectionTotals down{};
  std::map<std::pair<Side, std::string>, std::uint64_t> closes{};  // by whom, with which code
  std::uint64_t reconnects = 0;
  std::uint64_t replayed_lines = 0;
  std::uint64_t unconfirmed_bytes = 0;   // now
  std::int64_t certificate_expires = 0;  // Unix time; the server's as it was last seen; 0: unknown
  std::int64_t certificate_seen_at = 0;  // Unix time, to know which worker saw it last

  [[nodiscard]] DirectionTotals& of(Direction direction) {
    return direction == Direction::kUp ? up : down;
  }

  void count_dropped(DropReason reason);
  void count_altered(AlterReason reason);
  void count_open(const ws::OpeningTimes& times, const std::optional<ws::TlsInfo>& tls,
                  std::int64_t now);
  void count_failed_dial(const ws::Error& error);
  // The lines and bytes of a report, which is over or still growing.
  void count_lines(const DirectionCounters& lines_up, const DirectionCounters& lines_down);
  void count_upstream(const UpstreamCounters& counters);
  void count_end(const SessionReport& report, std::chrono::milliseconds duration);
  void add(const BridgeTotals& other);
};

}  // namespace wsbridged
