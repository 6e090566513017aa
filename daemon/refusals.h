// SPDX-License-Identifier: MIT
// The log entries of refused connections and requests: the first of a burst one by one, then their
// number, so that whoever is kept out cannot fill the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <ws/event_loop.h>

#include "daemon/listener.h"
#include "daemon/log.h"

namespace wsbridged {

// Belongs to its loop's thread.
class Refusals {
 public:
  static constexpr std::uint64_t kToldEach = 10;  // in each interval
  static constexpr std::chrono::milliseconds kInterval{10'000};

  enum class Of : std::uint8_t { kConnections, kRequests };

  Refusals(ws::EventLoop& loop, Log& log, std::string bridge, Of what = Of::kConnections);
  ~Refusals();  // tells what is still untold
  Refusals(const Refusals&) = delete;
  Refusals& operator=(const Refusals&) = delete;

  // `rule` is the key that refuses.
  void add(const Peer& peer, std::string_view rule, const std::string& cause);

 private:
  void tell_rest();

  Log& log_;
  std::string bridge_;
  Of what_;
  ws::Timer interval_;
  bool is_counting_ = false;  // within an interval
  std::uint64_t in_interval_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace wsbridged
