// SPDX-License-Identifier: MIT
// What a relay costs, as the kernel counts it: a process and everything it has started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace bench {

// User and system time in nanoseconds, of all threads of `pid` and its descendants. A thread's
// account is brought up to date when it sleeps, else within a tick.
[[nodiscard]] std::int64_t cpu_time(pid_t pid);

struct Memory {
  std::int64_t resident = 0;      // bytes (Rss)
  std::int64_t proportional = 0;  // shared pages divided by their users (Pss)
};

[[nodiscard]] Memory memory(pid_t pid);

}  // namespace bench
