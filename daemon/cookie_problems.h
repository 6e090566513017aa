// SPDX-License-Identifier: MIT
// Says why cookies of servers were not taken, or not stored, without letting a server fill the log.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include <ws/cookie_jar.h>

#include "daemon/log.h"

namespace wsbridged {

// Belongs to one thread.
class CookieProblems {
 public:
  using Clock = std::chrono::steady_clock;

  // How long the same is not told again.
  static constexpr std::chrono::minutes kSilence{10};
  // Different ones, of all bridges, told in that time.
  static constexpr std::size_t kMaxTold = 100;

  explicit CookieProblems(Log& log) : log_(log) {}

  // What `jar` has refused of servers since it was read.
  void tell(const ws::CookieJar& jar, const std::string& bridge, Clock::time_point now);

 private:
  Log& log_;
  std::set<std::pair<std::string, std::string>> told_;  // bridge and problem
  Clock::time_point forget_{};
};

}  // namespace wsbridged
