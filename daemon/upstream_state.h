// SPDX-License-Identifier: MIT
// What an Upstream holds only for a while, or only with reconnect.enabled.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "daemon/backoff.h"
#include "daemon/confirming_pings.h"
#include "daemon/replay_queue.h"
#include "daemon/upstream.h"

namespace wsbridged {

// One way through the URLs.
struct Upstream::Dialling {
  std::vector<std::size_t> order;
  std::size_t next = 0;  // in `order`
  TimePoint began_at{};
  Credentials credentials{};  // that the attempt shows
  bool has_retried_credentials = false;
  bool is_hopeful = false;  // one of the failures was transient
  // What the least patient of the servers that refused asks for.
  std::optional<std::chrono::milliseconds> retry_after{};
};

struct Upstream::Reconnect {
  explicit Reconnect(const config::Bridge& bridge);

  const config::Reconnect& settings;
  ReplayQueue queue;
  ConfirmingPings pings;
  Backoff backoff;
  std::minstd_rand random;
  // Since when nothing proved that the server works; an open connection alone does not. While one
  // is open: how long that was.
  TimePoint outage_since{};
  TimePoint::duration outage_so_far{};
  TimePoint opened_at{};
  bool is_proved = false;                 // the connection has brought a message or a pong
  bool is_silence_told = false;           // once for each session
  bool is_confirm_armed = false;          // the timer is set for a ping
  std::optional<ws::Error> last_error{};  // from its loss until the upstream is back
  TimePoint lost_at{};
  std::optional<std::chrono::milliseconds> local_limit{};  // once the local side has ended
  TimePoint local_ended_at{};
  std::uint64_t received_before = 0;  // by earlier connections
  std::uint64_t message_end = 0;      // received_bytes() of this one after its last whole message
  UpstreamCounters counters{};
};

}  // namespace wsbridged
