// SPDX-License-Identifier: MIT
// Lines and bytes per second of each session, out of the counters that are taken when somebody
// looks: what moved since the look before. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "daemon/snapshot.h"

namespace wsbridged {

struct SessionRate {
  double lines_up = 0;  // per second
  double lines_down = 0;
  double bytes_up = 0;
  double bytes_down = 0;
  double seconds = 0;  // over how long
};

// Not thread-safe. Memory: the counters of two looks.
class SessionRates {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // A look that is nearer than this does not replace the one that is compared with...
  static constexpr std::chrono::milliseconds kMinGap{1000};
  // ...and one that is farther says nothing about now: then it is the average of the session's
  // life.
  static constexpr std::chrono::milliseconds kMaxGap{30'000};

  // In the order of `sessions`.
  [[nodiscard]] std::vector<SessionRate> look(const std::vector<SessionView>& sessions, Time now);

 private:
  struct Counters {
    std::uint64_t lines_up = 0;
    std::uint64_t lines_down = 0;
    std::uint64_t bytes_up = 0;
    std::uint64_t bytes_down = 0;
  };

  struct Look {
    Time time{};
    std::unordered_map<std::uint64_t, Counters> sessions{};
  };

  static SessionRate rate_of(const Counters& now, const Counters& before, double seconds);

  Look before_;
  Look last_;
};

}  // namespace wsbridged
