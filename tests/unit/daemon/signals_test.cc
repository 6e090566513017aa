// SPDX-License-Identifier: MIT
#include "daemon/signals.h"

#include <csignal>
#include <memory>
#include <vector>

#include <ws/event_loop.h>

#include "support/catch.h"

namespace wsbridged::test {
namespace {

TEST_CASE("signals: SIGTERM, SIGINT and SIGHUP are told on the loop, SIGPIPE is ignored") {
  ws::EventLoop loop;
  std::vector<int> told;
  SignalWatch watch(loop, [&](int signal) {
    told.push_back(signal);
    loop.stop();
  });
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    REQUIRE(raise(signal) == 0);
    loop.run();
  }
  CHECK(told == std::vector<int>{SIGTERM, SIGINT, SIGHUP});

  struct sigaction action {};

  REQUIRE(sigaction(SIGPIPE, nullptr, &action) == 0);
  CHECK(action.sa_handler == SIG_IGN);
}

TEST_CASE("signals: the callback may destroy the watch, and none is told after that") {
  ws::EventLoop loop;
  int count = 0;
  std::unique_ptr<SignalWatch> watch;
  watch = std::make_unique<SignalWatch>(loop, [&](int) {
    ++count;
    watch.reset();
    loop.stop();
  });
  REQUIRE(raise(SIGHUP) == 0);
  REQUIRE(raise(SIGTERM) == 0);
  loop.run();
  CHECK(count == 1);
}

TEST_CASE("signals: the soft descriptor limit is raised to the hard one") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit low{.rlim_cur = before.rlim_max / 2, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == before.rlim_max);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

}  // namespace
}  // namespace wsbridged::test
