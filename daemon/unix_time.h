// SPDX-License-Identifier: MIT
// Times since 1970 UTC, as cookies, certificates and metrics count them.
#pragma once

#include <chrono>
#include <cstdint>

namespace wsbridged {

// Whole seconds.
[[nodiscard]] inline std::int64_t unix_now() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

[[nodiscard]] inline double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace wsbridged
