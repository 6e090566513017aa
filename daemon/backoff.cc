// SPDX-License-Identifier: MIT
#include "daemon/backoff.h"

#include <algorithm>
#include <cmath>

namespace wsbridged {

namespace {

// 1 ms doubled so often is longer than any maximum.
constexpr std::uint32_t kMostDoublings = 40;

}  // namespace

std::chrono::milliseconds Backoff::next(double uniform) {
  const std::uint32_t doublings = attempt_;
  attempt_ = std::min(attempt_ + 1, kMostDoublings);
  const double doubled =
      std::ldexp(static_cast<double>(initial_.count()), static_cast<int>(doublings));
  const double capped = std::min(doubled, static_cast<double>(max_.count()));
  const auto delay = static_cast<std::chrono::milliseconds::rep>(capped * (0.5 + uniform / 2));
  return std::chrono::milliseconds(std::max<std::chrono::milliseconds::rep>(delay, 1));
}

}  // namespace wsbridged
