// SPDX-License-Identifier: MIT
#include "daemon/cgroup_memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace wsbridged {

namespace {

// Version 1 writes "none" as the largest multiple of the page size below 2^63.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60U;

// Where a hierarchy's files are, and what they are called.
struct Hierarchy {
  std::string mount;
  std::string_view file;
};

using Limit = std::optional<std::uint64_t>;

Limit smaller(Limit a, Limit b) {
  return a && b ? std::min(*a, *b) : (a ? a : b);
}

Limit read_limit(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? parse_memory_limit(line) : std::nullopt;
}

// From `path` ("/system.slice/x.service") up to the mount point itself.
Limit limit_on_the_way(const Hierarchy& hierarchy, std::string path) {
  const auto limit_at = [&] {
    return read_limit(hierarchy.mount + path + "/" + std::string(hierarchy.file));
  };
  Limit limit = limit_at();
  for (std::size_t slash = path.rfind('/'); slash != std::string::npos; slash = path.rfind('/')) {
    path.resize(slash);
    limit = smaller(limit, limit_at());
  }
  return limit;
}

// Is `name` one of the controllers of "cpu,memory"?
bool has_controller(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) {
      return true;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// A line of /proc/self/cgroup, "HIERARCHY:CONTROLLERS:PATH"; version 2's has no controllers.
Limit limit_of_line(const std::string& mount, const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) {
    return std::nullopt;
  }
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const std::string path = line.substr(second + 1);
  if (controllers.empty()) {
    return limit_on_the_way({mount, "memory.max"}, path);
  }
  return has_controller(controllers, "memory")
             ? limit_on_the_way({mount + "/memory", "memory.limit_in_bytes"}, path)
             : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_memory_limit(std::string_view text) {
  std::uint64_t limit = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, limit);
  const bool is_number = error == std::errc() && (rest == end || *rest == '\n');
  return is_number && limit < kNoLimit ? std::optional(limit) : std::nullopt;
}

std::optional<std::uint64_t> cgroup_memory_limit(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  Limit limit;
  for (std::string line; std::getline(file, line);) {
    limit = smaller(limit, limit_of_line(root + "/sys/fs/cgroup", line));
  }
  return limit;
}

}  // namespace wsbridged
