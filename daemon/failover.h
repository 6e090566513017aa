// SPDX-License-Identifier: MIT
// Which URL of an upstream is tried when: in the order of the configuration, those that failed
// lately last.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wsbridged {

// Shared by all sessions of a bridge; thread-safe. URLs are known by their index.
//
// A URL that failed rests for kRest, or for as long as its server asked (Retry-After): the others
// are then tried before it. After that it is tried in its place again, by one dial; the others
// treat it as resting until that dial has told how it is.
class Failover {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kRest{30'000};

  explicit Failover(std::size_t url_count);

  // Every URL once. Resting ones stand at the end, the one that has rested longest first.
  [[nodiscard]] std::vector<std::size_t> order(TimePoint now);
  // True when it was not resting before, for the log.
  bool failed(std::size_t url, TimePoint now, std::chrono::milliseconds rest = kRest);
  // True when it had been resting.
  bool succeeded(std::size_t url);

  // How long it rests still, for whoever looks from outside: 0 until a dial has told how it is.
  // Nothing: it does not rest.
  [[nodiscard]] std::optional<std::chrono::milliseconds> rest_left(std::size_t url,
                                                                   TimePoint now) const;

 private:
  using Ticks = TimePoint::rep;

  [[nodiscard]] bool takes_trial(std::size_t url, TimePoint now);

  std::vector<std::atomic<Ticks>> resting_until_;  // kHealthy: it has not failed
};

}  // namespace wsbridged
