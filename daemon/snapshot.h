// SPDX-License-Identifier: MIT
// What the daemon says about itself at one moment: plain values, gathered from its threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/metrics.h"
#include "daemon/recent_errors.h"

namespace wsbridged {

struct SessionView {
  std::uint64_t id = 0;
  std::string bridge{};
  std::string peer{};
  std::string address{};  // of the upstream; empty before it is connected
  std::string subprotocol{};
  std::string_view state{};  // "connecting", "open", "reconnecting", "closing", "ending"
  std::chrono::milliseconds age{0};
  DirectionCounters up{};
  DirectionCounters down{};
  std::size_t buffered_bytes_up = 0;
  std::size_t buffered_bytes_down = 0;
  std::chrono::microseconds ping_rtt{0};  // 0: none was measured yet
};

// Beyond this many, sessions are only counted.
inline constexpr std::size_t kMaxSessionViews = 10'000;

// A worker's part. Totals are by the name of a bridge, so they outlive a reload.
struct WorkerView {
  std::map<std::string, BridgeTotals> totals{};
  std::vector<SessionView> sessions{};
};

struct BridgeView {
  std::string name{};
  std::vector<std::string> listeners{};  // with the port really bound
  std::string upstream{};                // without user information and query
  std::size_t max_connections = 0;
  bool is_accepting = true;
  std::int64_t cookie_expires = 0;  // Unix time; the first of those that are sent; 0: none
  BridgeTotals totals{};
};

struct Readiness {
  bool is_ready = false;
  std::string_view reason{};  // why not
};

// The last loading of the configuration, the one at the start included.
struct ReloadState {
  bool is_success = true;
  std::chrono::system_clock::time_point time{};
};

struct Snapshot {
  enum class Detail : std::uint8_t {
    kNothing,   // only that all threads answer
    kTotals,    // for /metrics
    kSessions,  // for /status
  };

  Readiness readiness{};
  std::chrono::system_clock::time_point started{};
  ReloadState reload{};
  std::uint64_t accept_pauses = 0;
  unsigned threads = 0;
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
