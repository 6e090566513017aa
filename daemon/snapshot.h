// SPDX-License-Identifier: MIT
// What the daemon says about itself at one moment: plain values, gathered from its threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/metrics.h"
#include "daemon/recent_errors.h"
#include "daemon/reload.h"
#include "daemon/session_report.h"

namespace wsbridged {

struct SessionView {
  std::uint64_t id = 0;
  std::string bridge{};
  std::string peer{};
  std::string
      upstream{};         // the URL without user information and query; empty before the first dial
  std::string address{};  // behind it; empty while there is no connection
  std::string subprotocol{};
  std::string_view state{};  // see Session::state()
  std::chrono::milliseconds age{0};
  DirectionCounters up{};
  DirectionCounters down{};
  std::size_t buffered_bytes_up = 0;
  std::size_t buffered_bytes_down = 0;
  std::chrono::microseconds ping_rtt{0};  // 0: none was measured yet
  UpstreamCounters reconnecting{};
  std::uint64_t unconfirmed_bytes = 0;  // kept to be sent again
};

// Beyond this many, sessions are only counted.
inline constexpr std::size_t kMaxSessionViews = 10'000;

// A worker's part. Totals are by the name of a bridge, so they outlive a reload.
struct WorkerView {
  std::map<std::string, BridgeTotals> totals{};
  std::vector<SessionView> sessions{};
};

struct UpstreamView {
  std::string url{};  // without user information and query, templates as they stand
  // After a failure, the others are tried before it for so long.
  std::optional<std::chrono::milliseconds> rest_left{};
};

struct BridgeView {
  std::string name{};
  std::vector<std::string> listeners{};  // with the port really bound
  std::vector<UpstreamView> upstreams{};
  std::chrono::milliseconds dial_interval{0};  // dials wait for turns; 0: they do not
  std::size_t max_connections = 0;
  bool is_accepting = true;
  std::uint64_t refused_connections = 0;  // by access or proxy_protocol
  std::int64_t cookie_expires = 0;        // Unix time; the first of those that are sent; 0: none
  BridgeTotals totals{};
};

// limits.memory.
struct MemoryView {
  std::size_t limit = 0;
  std::size_t held = 0;
  std::size_t peak = 0;
};

struct Readiness {
  bool is_ready = false;
  std::string_view reason{};  // why not
};

struct Snapshot {
  enum class Detail : std::uint8_t {
    kNothing,   // only that all threads answer
    kTotals,    // for /metrics
    kSessions,  // for /status
  };

  Readiness readiness{};
  std::chrono::system_clock::time_point started{};
  ReloadStatus reload{};  // the start counts as one
  std::uint64_t accept_pauses = 0;
  unsigned threads = 0;
  std::optional<MemoryView> memory{};                  // absent: there is no limit
  std::map<std::string, std::string> cookie_faults{};  // cookie files that cannot be written, why
  std::vector<BridgeView> bridges{};
  std::vector<SessionView> sessions{};
  std::size_t session_count = 0;
  std::vector<RecentError> errors{};
  std::vector<WorkerView> workers{};  // until merge_workers()
};

// Moves the workers' parts to the bridges and the sessions, which come by their ids. A bridge that
// a reload took away keeps its counters, at the end.
void merge_workers(Snapshot& snapshot);

}  // namespace wsbridged
