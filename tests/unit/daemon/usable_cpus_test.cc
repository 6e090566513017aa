// SPDX-License-Identifier: MIT
#include "daemon/usable_cpus.h"

#include "support/catch.h"

using wsbridged::parse_cpu_max;

TEST_CASE("usable_cpus: a cgroup quota is rounded up to whole CPUs", "[usable_cpus]") {
  CHECK(parse_cpu_max("200000 100000\n") == 2);
  CHECK(parse_cpu_max("150000 100000") == 2);
  CHECK(parse_cpu_max("10000 100000") == 1);
}

TEST_CASE("usable_cpus: no quota, or one that makes no sense, limits nothing", "[usable_cpus]") {
  for (const char* text : {"max 100000", "", "0 100000", "100000 0", "100000", "-", "x y"}) {
    CAPTURE(text);
    CHECK(parse_cpu_max(text) == 0);
  }
}

TEST_CASE("usable_cpus: there is always one", "[usable_cpus]") {
  CHECK(wsbridged::usable_cpu_count() >= 1);
}
