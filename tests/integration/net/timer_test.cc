// SPDX-License-Identifier: MIT
// Timers on a real loop. The delays are a few milliseconds; only their lower bound is checked.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <ws/event_loop.h>

#include "support/catch.h"

using namespace std::chrono_literals;
using ws::EventLoop;
using ws::Timer;

TEST_CASE("timer: fires once, never before its delay has passed", "[timer]") {
  EventLoop loop;
  const auto delay = GENERATE(0ms, 1ms, 5ms, 20ms);
  int calls = 0;
  EventLoop::Clock::time_point fired;
  Timer timer(loop, [&] {
    ++calls;
    fired = EventLoop::Clock::now();
  });
  const auto started = EventLoop::Clock::now();
  timer.start(delay);
  CHECK(timer.is_running());
  loop.run();
  CHECK(calls == 1);
  CHECK(fired - started >= delay);
  CHECK_FALSE(timer.is_running());
}

TEST_CASE("timer: several fire in the order of their delays", "[timer]") {
  EventLoop loop;
  std::string order;
  Timer a(loop, [&] { order += "a"; });
  Timer b(loop, [&] { order += "b"; });
  Timer c(loop, [&] { order += "c"; });
  c.start(30ms);
  a.start(1ms);
  b.start(15ms);
  loop.run();
  CHECK(order == "abc");
}

TEST_CASE("timer: stop and destruction cancel", "[timer]") {
  EventLoop loop;
  Timer stopped(loop, [] { FAIL("fired after stop"); });
  auto destroyed = std::make_unique<Timer>(loop, [] { FAIL("fired after its end"); });
  stopped.start(0ms);
  destroyed->start(0ms);
  stopped.stop();
  destroyed.reset();
  CHECK_FALSE(stopped.is_running());
  loop.run();
}

TEST_CASE("timer: start replaces the delay, shorter or longer", "[timer]") {
  EventLoop loop;
  std::string order;
  Timer moved(loop, [&] { order += "m"; });
  Timer fixed(loop, [&] { order += "f"; });
  fixed.start(10ms);
  SECTION("shorter") {
    moved.start(1h);
    moved.start(1ms);
    loop.run();
    CHECK(order == "mf");
  }
  SECTION("longer") {
    moved.start(1ms);
    moved.start(30ms);
    loop.run();
    CHECK(order == "fm");
  }
}

TEST_CASE("timer: the callback may start it again", "[timer]") {
  EventLoop loop;
  int calls = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    if (++calls < 3) {
      timer->start(1ms);
      CHECK(timer->is_running());
    }
  });
  timer->start(0ms);
  loop.run();
  CHECK(calls == 3);
}

TEST_CASE("timer: the callback may destroy the timer and still use what it captured", "[timer]") {
  EventLoop loop;
  std::unique_ptr<Timer> timer;
  std::string seen;
  const std::string captured = "long enough to live on the heap, not in the string";
  timer = std::make_unique<Timer>(loop, [&timer, &seen, captured] {
    timer.reset();
    seen = captured;
  });
  timer->start(0ms);
  loop.run();
  CHECK(seen == captured);
}

TEST_CASE("timer: a callback that throws is heard of from run, and the timer works again",
          "[timer]") {
  EventLoop loop;
  int calls = 0;
  Timer timer(loop, [&] {
    if (++calls == 1) {
      throw std::runtime_error("from the timer");
    }
  });
  timer.start(0ms);
  CHECK_THROWS_WITH(loop.run(), "from the timer");
  timer.start(0ms);
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("timer: delays below zero and beyond all time are taken as zero and very long",
          "[timer]") {
  EventLoop loop;
  bool fired = false;
  Timer endless(loop, [] { FAIL("a year passed"); });
  Timer negative(loop, [&] {
    fired = true;
    endless.stop();
  });
  endless.start(std::chrono::milliseconds::max());
  negative.start(std::chrono::milliseconds::min());
  loop.run();
  CHECK(fired);
}

TEST_CASE("timer: many fire once each, though others are moved, and those that were stopped never",
          "[timer]") {
  EventLoop loop;
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [&fired, i] { fired.push_back(i); }));
  }
  // 77 is prime to 200: every delay of 0 to 19 ms, in no order.
  const auto delay_of = [](int i) { return std::chrono::milliseconds(i * 77 % 200 / 10); };
  for (int i = 0; i < 200; ++i) {
    timers[static_cast<std::size_t>(i)]->start(i % 5 == 0 ? 1h : delay_of(i));
  }
  for (int i = 0; i < 200; i += 5) {
    timers[static_cast<std::size_t>(i)]->start(delay_of(i));  // sooner than it was to be
  }
  for (int i = 0; i < 200; i += 3) {
    timers[static_cast<std::size_t>(i)]->stop();
  }
  loop.run();  // until none is left
  CHECK(fired.size() == 133);
  CHECK(std::none_of(fired.begin(), fired.end(), [](int i) { return i % 3 == 0; }));
  CHECK(std::all_of(timers.begin(), timers.end(),
                    [](const auto& timer) { return !timer->is_running(); }));
}

TEST_CASE("timer: one that starts itself again without delay leaves the turn to others",
          "[timer]") {
  EventLoop loop;
  int rounds = 0;
  bool is_posted_done = false;
  Timer eager(loop, [&] {
    ++rounds;
    eager.start(0ms);
  });
  eager.start(0ms);
  loop.post([&] {
    is_posted_done = true;
    loop.stop();
  });
  loop.run();
  CHECK(is_posted_done);
  CHECK(rounds < 1000);
}

TEST_CASE("timer: those behind one that threw come when the loop runs again", "[timer]") {
  EventLoop loop;
  bool has_fired = false;
  Timer thrower(loop, [] { throw std::runtime_error("now"); });
  Timer behind(loop, [&] { has_fired = true; });
  thrower.start(0ms);
  behind.start(0ms);
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
  CHECK_FALSE(has_fired);
  loop.run();
  CHECK(has_fired);
}
