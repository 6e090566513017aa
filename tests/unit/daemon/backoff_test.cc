// SPDX-License-Identifier: MIT
#include "daemon/backoff.h"

#include "support/catch.h"

using std::chrono::hours;
using std::chrono::milliseconds;
using wsbridged::Backoff;

namespace {

constexpr double kMost = 0.999999;

}  // namespace

TEST_CASE("backoff: delays double up to the maximum, times 0.5 to 1", "[backoff]") {
  Backoff low(milliseconds(500), milliseconds(30'000));
  Backoff high(milliseconds(500), milliseconds(30'000));
  for (const int expected : {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000, 30'000}) {
    CHECK(low.next(0) == milliseconds(expected / 2));
    const milliseconds most = high.next(kMost);
    CHECK(most <= milliseconds(expected));
    CHECK(most >= milliseconds(expected - 1));
  }
}

TEST_CASE("backoff: it begins anew after a reset", "[backoff]") {
  Backoff backoff(milliseconds(100), milliseconds(1000));
  CHECK(backoff.next(0) == milliseconds(50));
  CHECK(backoff.next(0) == milliseconds(100));
  backoff.reset();
  CHECK(backoff.next(0) == milliseconds(50));
}

TEST_CASE("backoff: extremes neither overflow nor spin", "[backoff]") {
  Backoff small(milliseconds(1), milliseconds(1));
  Backoff large(hours(1), hours(24));
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(small.next(0) == milliseconds(1));
    const milliseconds delay = large.next(kMost);
    REQUIRE(delay > milliseconds(0));
    REQUIRE(delay <= hours(24));
  }
}
