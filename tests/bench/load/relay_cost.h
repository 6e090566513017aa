// SPDX-License-Identifier: MIT
// What a relay costs, as the kernel counts it: a process and everything it has started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace bench {

// In nanoseconds.
struct ProcessorTime {
  std::int64_t on_cpu = 0;  // user and system time
  std::int64_t waited = 0;  // ready to run, while others ran
};

// Of all threads of `root` and its descendants. A thread's account is brought up to date when it
// sleeps, else within a tick.
[[nodiscard]] ProcessorTime processor_time(pid_t root);

struct Memory {
  std::int64_t resident = 0;      // bytes (Rss)
  std::int64_t proportional = 0;  // shared pages divided by their users (Pss)
};

[[nodiscard]] Memory memory(pid_t root);

}  // namespace bench
