// SPDX-License-Identifier: MIT
#include "daemon/dial_damper.h"

#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.h"

using std::chrono::milliseconds;
using wsbridged::DialDamper;
using Change = DialDamper::Change;

namespace {

const DialDamper::TimePoint kStart = DialDamper::TimePoint() + std::chrono::hours(1);

// Three failures at kStart.
void fail_thrice(DialDamper& damper) {
  CHECK(damper.dial_failed(kStart) == Change::kNone);
  CHECK(damper.dial_failed(kStart) == Change::kNone);
  CHECK(damper.dial_failed(kStart) == Change::kDamped);
}

}  // namespace

TEST_CASE("dial damper: after three failures turns come 100 ms apart, doubling to 5 s",
          "[damper]") {
  DialDamper damper;
  CHECK(damper.ask(kStart) == milliseconds(0));
  fail_thrice(damper);
  auto now = kStart;
  for (const int wait : {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}) {
    CHECK(damper.ask(now) == milliseconds(wait));
    CHECK(damper.ask(now + milliseconds(wait - 1)) == milliseconds(1));
    now += milliseconds(wait);
    CHECK(damper.ask(now) == milliseconds(0));
    CHECK(damper.dial_failed(now) == Change::kNone);
  }
}

TEST_CASE("dial damper: a turn is one dial's", "[damper]") {
  DialDamper damper;
  fail_thrice(damper);
  const auto turn = kStart + milliseconds(100);
  CHECK(damper.ask(turn) == milliseconds(0));
  CHECK(damper.ask(turn) == milliseconds(200));
}

TEST_CASE("dial damper: failures of dials that were under way do not lengthen the wait",
          "[damper]") {
  DialDamper damper;
  fail_thrice(damper);
  for (int i = 0; i < 100; ++i) {
    CHECK(damper.dial_failed(kStart) == Change::kNone);
  }
  CHECK(damper.ask(kStart) == milliseconds(100));
}

TEST_CASE("dial damper: a success frees it, and failures count in a row only", "[damper]") {
  DialDamper damper;
  fail_thrice(damper);
  CHECK(damper.dial_succeeded() == Change::kFree);
  CHECK(damper.dial_succeeded() == Change::kNone);
  CHECK(damper.ask(kStart) == milliseconds(0));
  CHECK(damper.dial_failed(kStart) == Change::kNone);
  CHECK(damper.dial_failed(kStart) == Change::kNone);
  CHECK(damper.dial_succeeded() == Change::kNone);
  fail_thrice(damper);
  CHECK(damper.ask(kStart) == milliseconds(100));
}

TEST_CASE("dial damper: a row of programs that leave while they are dialled damps it", "[damper]") {
  DialDamper damper;
  CHECK(damper.dial_cancelled(kStart) == Change::kNone);  // one says nothing
  CHECK(damper.dial_cancelled(kStart + milliseconds(10)) == Change::kNone);
  CHECK(damper.dial_cancelled(kStart + milliseconds(20)) == Change::kNone);
  CHECK(damper.dial_cancelled(kStart + milliseconds(30)) == Change::kDamped);
  CHECK(damper.ask(kStart + milliseconds(31)) == milliseconds(99));
}

TEST_CASE("dial damper: programs that leave now and then damp nothing", "[damper]") {
  DialDamper damper;
  for (int i = 0; i < 20; ++i) {
    CHECK(damper.dial_cancelled(kStart + i * std::chrono::seconds(6)) == Change::kNone);
  }
  CHECK(damper.ask(kStart + std::chrono::seconds(120)) == milliseconds(0));
}

TEST_CASE("dial damper: how far apart turns are can be looked at", "[damper]") {
  DialDamper damper;
  CHECK(damper.turn_interval() == milliseconds(0));
  fail_thrice(damper);
  CHECK(damper.turn_interval() == milliseconds(100));
  CHECK(damper.ask(kStart + milliseconds(100)) == milliseconds(0));
  CHECK(damper.turn_interval() == milliseconds(200));
  CHECK(damper.dial_succeeded() == Change::kFree);
  CHECK(damper.turn_interval() == milliseconds(0));
}

TEST_CASE("dial damper: of many threads one gets the turn", "[damper]") {
  DialDamper damper;
  fail_thrice(damper);
  std::atomic<int> turns{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&damper, &turns] {
      turns += damper.ask(kStart + milliseconds(100)).count() == 0 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(turns == 1);
}
