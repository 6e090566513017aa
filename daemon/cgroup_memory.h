// SPDX-License-Identifier: MIT
// How much memory the cgroup of this process may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsbridged {

// The smallest limit of the process's cgroup and those above it, version 2 or 1; absent when none
// has one. `root` is put before every path, for tests; "" is the system.
//
// A container may see its host's path in /proc/self/cgroup and its own files at the top of
// /sys/fs/cgroup: directories that are not there are passed over on the way up.
[[nodiscard]] std::optional<std::uint64_t> cgroup_memory_limit(const std::string& root = "");

// The content of memory.max or memory.limit_in_bytes: absent for "max", for version 1's largest
// number, and for what is none.
[[nodiscard]] std::optional<std::uint64_t> parse_memory_limit(std::string_view text);

}  // namespace wsbridged
