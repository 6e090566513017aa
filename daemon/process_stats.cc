// SPDX-License-Identifier: MIT
#include "daemon/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace wsbridged {

namespace {

// Numbers of the fields in proc(5).
constexpr std::size_t kFirstBehindName = 3;
constexpr std::size_t kUserTime = 14;
constexpr std::size_t kSystemTime = 15;
constexpr std::size_t kThreads = 20;
constexpr std::size_t kStartTime = 22;
constexpr std::size_t kVirtualSize = 23;
constexpr std::size_t kResident = 24;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    words.push_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

// The clock that the kernel notes starts of processes with, as the Unix time of its zero.
double boot_time() {
  timespec real{};
  timespec since_boot{};
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return static_cast<double>(real.tv_sec - since_boot.tv_sec) +
         static_cast<double>(real.tv_nsec - since_boot.tv_nsec) / 1e9;
}

std::uint64_t count_descriptors() {
  // There may be thousands, and std::filesystem makes a path of each.
  DIR* const entries = opendir("/proc/self/fd");
  if (entries == nullptr) {
    return 0;
  }
  std::uint64_t count = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): of different directories it is safe (POSIX.1-2024)
  while (readdir(entries) != nullptr) {
    ++count;
  }
  closedir(entries);
  return count - std::min<std::uint64_t>(count, 3);  // ".", ".." and the one that was read
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto words = words_of(text.substr(name_end + 2));
  bool is_well = words.size() > kResident - kFirstBehindName;
  const auto field = [&words, &is_well](std::size_t number) {
    std::uint64_t value = 0;
    const std::string_view word = is_well ? words[number - kFirstBehindName] : "";
    is_well = is_well && std::from_chars(word.begin(), word.end(), value).ec == std::errc();
    return value;
  };
  ProcStat stat;
  stat.cpu_ticks = field(kUserTime) + field(kSystemTime);
  stat.threads = field(kThreads);
  stat.start_ticks = field(kStartTime);
  stat.virtual_bytes = field(kVirtualSize);
  stat.resident_pages = field(kResident);
  return is_well ? std::optional(stat) : std::nullopt;
}

ProcessStats read_process_stats() {
  ProcessStats stats;
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (const auto stat = parse_proc_stat(text)) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    stats.cpu_seconds = static_cast<double>(stat->cpu_ticks) / ticks;
    stats.start_time_seconds = boot_time() + static_cast<double>(stat->start_ticks) / ticks;
    stats.virtual_memory_bytes = stat->virtual_bytes;
    stats.resident_memory_bytes =
        stat->resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    stats.threads = stat->threads;
  }
  stats.open_fds = count_descriptors();
  stats.max_fds = descriptor_limit();
  return stats;
}

}  // namespace wsbridged
