// SPDX-License-Identifier: MIT
#include "daemon/usable_cpus.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace wsbridged {

namespace {

unsigned affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    return 1;
  }
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

// The cgroup's own directory, "/" inside a container: "0::/system.slice/wsbridged.service".
std::string cgroup_directory() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) {
      return "/sys/fs/cgroup" + line.substr(3);
    }
  }
  return "/sys/fs/cgroup";
}

}  // namespace

unsigned parse_cpu_max(std::string_view text) {
  std::istringstream stream{std::string(text)};
  unsigned long quota = 0;
  unsigned long period = 0;
  if (!(stream >> quota >> period) || quota == 0 || period == 0) {
    return 0;
  }
  return static_cast<unsigned>(std::min<unsigned long>((quota + period - 1) / period, 1024));
}

unsigned usable_cpu_count() {
  std::ifstream file(cgroup_directory() + "/cpu.max");
  std::string text;
  std::getline(file, text);
  const unsigned quota = parse_cpu_max(text);
  return quota == 0 ? affinity_count() : std::min(quota, affinity_count());
}

}  // namespace wsbridged
