// SPDX-License-Identifier: MIT
#include "daemon/process_stats.h"

#include <ctime>

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("process stats: the fields of /proc/self/stat are found behind any name", "[process]") {
  const auto stat = parse_proc_stat(
      "42 (a) b) R 1 2 3 4 5 6 7 8 9 10 700 30 0 0 20 0 4 0 12345 1000000 250 18446744073709551615 "
      "1 1\n");
  REQUIRE(stat);
  CHECK(stat->cpu_ticks == 730);
  CHECK(stat->threads == 4);
  CHECK(stat->start_ticks == 12345);
  CHECK(stat->virtual_bytes == 1'000'000);
  CHECK(stat->resident_pages == 250);
  CHECK_FALSE(parse_proc_stat(""));
  CHECK_FALSE(parse_proc_stat("42 (a) R 1 2 3"));
  CHECK_FALSE(parse_proc_stat("42 (a) R 1 2 3 4 5 6 7 8 9 10 x 30 0 0 20 0 4 0 1 1 1 1"));
}

TEST_CASE("process stats: this process is alive", "[process]") {
  const ProcessStats stats = read_process_stats();
  CHECK(stats.resident_memory_bytes > 0);
  CHECK(stats.virtual_memory_bytes > stats.resident_memory_bytes);
  CHECK(stats.threads >= 1);
  CHECK(stats.open_fds >= 3);
  CHECK(stats.max_fds >= stats.open_fds);
  CHECK(stats.start_time_seconds <= static_cast<double>(std::time(nullptr)) + 1);
  CHECK(stats.start_time_seconds > static_cast<double>(std::time(nullptr)) - 3600);
}

}  // namespace
}  // namespace wsbridged
