// SPDX-License-Identifier: MIT
// What the kernel knows of this process, for the process_* metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wsbridged {

struct ProcessStats {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // Unix time
  std::uint64_t virtual_memory_bytes = 0;
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// The fields of /proc/self/stat that are used, in its units (proc(5)).
struct ProcStat {
  std::uint64_t cpu_ticks = 0;  // user and system
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // after the boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

// Nothing when it is malformed. The program's name may hold spaces and parentheses.
[[nodiscard]] std::optional<ProcStat> parse_proc_stat(std::string_view text);

// What cannot be found out is 0.
[[nodiscard]] ProcessStats read_process_stats();

}  // namespace wsbridged
