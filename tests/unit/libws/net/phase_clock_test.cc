// SPDX-License-Identifier: MIT
#include "net/phase_clock.h"

#include "support/catch.h"

namespace {

using std::chrono::microseconds;
using ws::Phase;
using ws::net::PhaseClock;

PhaseClock::TimePoint at(int microsecond) {
  return PhaseClock::TimePoint(microseconds(microsecond));
}

TEST_CASE("phase clock: each phase counts from its begin to the next, the running one to now",
          "[phase_clock]") {
  PhaseClock clock;
  CHECK(clock.times(at(5)).resolve.count() == 0);
  clock.begin(Phase::kResolve, at(10));
  clock.begin(Phase::kConnect, at(13));
  clock.begin(Phase::kTls, at(20));
  CHECK(clock.times(at(24)).tls == microseconds(4));
  clock.end(at(25));
  const auto times = clock.times(at(100));
  CHECK(times.resolve == microseconds(3));
  CHECK(times.connect == microseconds(7));
  CHECK(times.proxy == microseconds(0));
  CHECK(times.tls == microseconds(5));
}

TEST_CASE("phase clock: a second attempt adds up", "[phase_clock]") {
  PhaseClock first;
  first.begin(Phase::kProxy, at(0));
  first.begin(Phase::kHttp, at(2));
  PhaseClock both;
  both.begin(Phase::kHttp, at(0));
  both.end(at(7));
  both.add(first.times(at(5)));
  CHECK(both.times(at(9)).proxy == microseconds(2));
  CHECK(both.times(at(9)).http == microseconds(10));
}

}  // namespace
