// SPDX-License-Identifier: MIT
// How many CPUs this process may use.
#pragma once

#include <string>
#include <string_view>

namespace wsbridged {

// Affinity and, where there is one, the cgroup's quota, rounded up; at least 1.
[[nodiscard]] unsigned usable_cpu_count();

// The quota of a cgroup v2 `cpu.max` ("200000 100000" is 2, "max 100000" is none: 0), rounded up.
[[nodiscard]] unsigned parse_cpu_max(std::string_view text);

}  // namespace wsbridged
