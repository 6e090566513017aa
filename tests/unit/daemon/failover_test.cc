// SPDX-License-Identifier: MIT
#include "daemon/failover.h"

#include "support/catch.h"

using std::chrono::milliseconds;
using wsbridged::Failover;
using Order = std::vector<std::size_t>;

namespace {

const Failover::TimePoint kStart = Failover::TimePoint() + std::chrono::hours(1);
const Failover::TimePoint kRested = kStart + Failover::kRest;

}  // namespace

TEST_CASE("failover: URLs are tried in their order, those that rest last", "[failover]") {
  Failover failover(3);
  CHECK(failover.order(kStart) == Order{0, 1, 2});
  CHECK(failover.failed(0, kStart));
  CHECK(failover.order(kStart) == Order{1, 2, 0});
  CHECK(failover.failed(1, kStart + milliseconds(1)));
  CHECK(failover.order(kStart + milliseconds(1)) == Order{2, 0, 1});
  CHECK(failover.failed(2, kStart + milliseconds(2)));
  CHECK(failover.order(kStart + milliseconds(2)) == Order{0, 1, 2});
}

TEST_CASE("failover: a rested URL is tried in its place again, by one dial", "[failover]") {
  Failover failover(2);
  CHECK(failover.failed(0, kStart));
  CHECK(failover.order(kRested - milliseconds(1)) == Order{1, 0});
  CHECK(failover.order(kRested) == Order{0, 1});
  CHECK(failover.order(kRested) == Order{1, 0});
  CHECK_FALSE(failover.failed(0, kRested));
  CHECK(failover.order(kRested + milliseconds(1)) == Order{1, 0});
}

TEST_CASE("failover: a success ends the rest", "[failover]") {
  Failover failover(2);
  CHECK_FALSE(failover.succeeded(0));
  CHECK(failover.failed(0, kStart));
  CHECK(failover.succeeded(0));
  CHECK(failover.order(kStart) == Order{0, 1});
  CHECK(failover.failed(0, kStart));
}

TEST_CASE("failover: a server may ask for a longer rest", "[failover]") {
  Failover failover(2);
  CHECK(failover.failed(0, kStart, 2 * Failover::kRest));
  CHECK(failover.order(kRested) == Order{1, 0});
  CHECK(failover.order(kRested + Failover::kRest) == Order{0, 1});
}

TEST_CASE("failover: how long a URL rests can be looked at without changing anything",
          "[failover]") {
  Failover failover(2);
  CHECK_FALSE(failover.rest_left(0, kStart));
  CHECK(failover.failed(0, kStart));
  CHECK(failover.rest_left(0, kStart) == Failover::kRest);
  CHECK(failover.rest_left(0, kRested - milliseconds(1)) == milliseconds(1));
  CHECK(failover.rest_left(0, kRested + milliseconds(1)) == milliseconds(0));
  CHECK(failover.order(kRested) == Order{0, 1});
}

TEST_CASE("failover: a single URL is always tried", "[failover]") {
  Failover failover(1);
  CHECK(failover.failed(0, kStart));
  CHECK(failover.order(kStart) == Order{0});
  CHECK(failover.order(kRested) == Order{0});
}
