// SPDX-License-Identifier: MIT
#include "daemon/session_rates.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

SessionRate SessionRates::rate_of(const Counters& now, const Counters& before, double seconds) {
  const auto per_second = [seconds](std::uint64_t a, std::uint64_t b) {
    return static_cast<double>(a - b) / seconds;
  };
  return {.lines_up = per_second(now.lines_up, before.lines_up),
          .lines_down = per_second(now.lines_down, before.lines_down),
          .bytes_up = per_second(now.bytes_up, before.bytes_up),
          .bytes_down = per_second(now.bytes_down, before.bytes_down),
          .seconds = seconds};
}

std::vector<SessionRate> SessionRates::look(const std::vector<SessionView>& sessions, Time now) {
  if (now - last_.time >= kMinGap) {
    before_ = std::exchange(last_, Look{.time = now});
  }
  const bool is_current = now - before_.time <= kMaxGap;
  const double gap = std::chrono::duration<double>(now - before_.time).count();
  std::vector<SessionRate> rates;
  rates.reserve(sessions.size());
  for (const SessionView& session : sessions) {
    const Counters counters{.lines_up = session.up.lines,
                            .lines_down = session.down.lines,
                            .bytes_up = session.up.bytes,
                            .bytes_down = session.down.bytes};
    const auto before = before_.sessions.find(session.id);
    if (is_current && before != before_.sessions.end()) {
      rates.push_back(rate_of(counters, before->second, gap));
    } else {
      const double age = std::chrono::duration<double>(session.age).count();
      rates.push_back(rate_of(counters, {}, std::max(age, 0.001)));
    }
    if (last_.time == now) {
      last_.sessions[session.id] = counters;
    }
  }
  return rates;
}

}  // namespace wsbridged
