// SPDX-License-Identifier: MIT
#include "load/relay_cost.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace bench {

namespace {

namespace fs = std::filesystem;

// The numbers among the names of a directory; none when it went away.
std::vector<pid_t> numbers_in(const fs::path& directory) {
  std::vector<pid_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    pid_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure == std::errc() && end == name.data() + name.size()) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

// Behind the name, which may hold anything, in proc(5)'s stat: field 3 is the first.
std::vector<std::string> stat_fields(const fs::path& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  return {std::istream_iterator<std::string>(rest), std::istream_iterator<std::string>()};
}

pid_t parent_of(pid_t pid) {
  const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
  return fields.size() > 1 ? std::stoi(fields[1]) : 0;
}

std::vector<pid_t> tree_of(pid_t root) {
  std::vector<pid_t> tree{root};
  std::vector<std::pair<pid_t, pid_t>> all;
  for (const pid_t pid : numbers_in("/proc")) {
    all.emplace_back(pid, parent_of(pid));
  }
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const auto& [pid, parent] : all) {
      if (parent == tree[i]) {
        tree.push_back(pid);
      }
    }
  }
  return tree;
}

// Where the kernel keeps no schedstat, its clock ticks have to do: 10 ms.
std::int64_t ticks(pid_t pid) {
  const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
  const std::int64_t tick = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  return fields.size() > 12 ? (std::stoll(fields[11]) + std::stoll(fields[12])) * tick : 0;
}

}  // namespace

ProcessorTime processor_time(pid_t root) {
  ProcessorTime total;
  for (const pid_t pid : tree_of(root)) {
    std::int64_t threads = 0;
    const fs::path tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const pid_t thread : numbers_in(tasks)) {
      std::ifstream file(tasks / std::to_string(thread) / "schedstat");
      std::int64_t on_cpu = 0;
      std::int64_t waited = 0;
      file >> on_cpu >> waited;
      threads += on_cpu;
      total.waited += waited;
    }
    total.on_cpu += threads > 0 ? threads : ticks(pid);
  }
  return total;
}

Memory memory(pid_t root) {
  Memory total;
  for (const pid_t pid : tree_of(root)) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string key;
      std::int64_t kibibytes = 0;
      words >> key >> kibibytes;
      total.resident += key == "Rss:" ? kibibytes * 1024 : 0;
      total.proportional += key == "Pss:" ? kibibytes * 1024 : 0;
    }
  }
  return total;
}

}  // namespace bench
