// SPDX-License-Identifier: MIT
#include "daemon/failover.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

namespace {

constexpr Failover::TimePoint::rep kHealthy = 0;

Failover::TimePoint::rep ticks(Failover::TimePoint time) {
  return std::max<Failover::TimePoint::rep>(time.time_since_epoch().count(), kHealthy + 1);
}

}  // namespace

Failover::Failover(std::size_t url_count) : resting_until_(url_count) {}

std::vector<std::size_t> Failover::order(TimePoint now) {
  std::vector<std::size_t> order;
  std::vector<std::pair<Ticks, std::size_t>> resting;
  order.reserve(resting_until_.size());
  for (std::size_t url = 0; url < resting_until_.size(); ++url) {
    if (resting_until_.size() == 1 || takes_trial(url, now)) {
      order.push_back(url);
    } else {
      resting.emplace_back(resting_until_[url].load(), url);
    }
  }
  std::sort(resting.begin(), resting.end());
  for (const auto& [until, url] : resting) {
    order.push_back(url);
  }
  return order;
}

// Healthy, or rested and this dial is the one that tries it.
bool Failover::takes_trial(std::size_t url, TimePoint now) {
  Ticks until = resting_until_[url].load();
  if (until == kHealthy) {
    return true;
  }
  return until <= ticks(now) &&
         resting_until_[url].compare_exchange_strong(until, ticks(now + kRest));
}

bool Failover::failed(std::size_t url, TimePoint now, std::chrono::milliseconds rest) {
  return resting_until_[url].exchange(ticks(now + rest)) == kHealthy;
}

bool Failover::succeeded(std::size_t url) {
  return resting_until_[url].exchange(kHealthy) != kHealthy;
}

std::optional<std::chrono::milliseconds> Failover::rest_left(std::size_t url, TimePoint now) const {
  const Ticks until = resting_until_[url].load();
  if (until == kHealthy) {
    return std::nullopt;
  }
  const TimePoint::duration left(std::max<Ticks>(until - ticks(now), 0));
  return std::chrono::duration_cast<std::chrono::milliseconds>(left);
}

}  // namespace wsbridged
