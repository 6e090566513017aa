// SPDX-License-Identifier: MIT
#include "daemon/turn_rounds.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using std::chrono::seconds;
using Time = TurnRounds::Clock::time_point;

constexpr Time kStart{seconds(1000)};

TEST_CASE("turn_rounds: a round is complete when every worker has answered, once each") {
  TurnRounds rounds(3);
  CHECK(rounds.begin(kStart));
  CHECK_FALSE(rounds.answer(1));
  CHECK_FALSE(rounds.answer(1));
  CHECK_FALSE(rounds.answer(2));
  CHECK(rounds.silent_workers() == std::vector<std::size_t>{0});
  CHECK(rounds.answer(0));
  CHECK(rounds.is_complete());
  CHECK_FALSE(rounds.answer(0));
}

TEST_CASE("turn_rounds: a worker that does not turn holds the round, however long") {
  TurnRounds rounds(2);
  CHECK(rounds.waited(kStart) == seconds(0));
  CHECK(rounds.begin(kStart));
  CHECK_FALSE(rounds.answer(0));
  for (int second = 1; second < 100; ++second) {
    CHECK_FALSE(rounds.begin(kStart + seconds(second)));
    CHECK(rounds.waited(kStart + seconds(second)) == seconds(second));
  }
  CHECK(rounds.answer(1));  // it turns again: the watchdog is fed at once
  CHECK(rounds.waited(kStart + seconds(100)) == seconds(0));
  CHECK(rounds.begin(kStart + seconds(100)));
  CHECK(rounds.silent_workers().size() == 2);
}

TEST_CASE("turn_rounds: an answer from before the round does not count for it") {
  TurnRounds rounds(1);
  CHECK_FALSE(rounds.answer(0));
  CHECK(rounds.begin(kStart));
  CHECK_FALSE(rounds.is_complete());
}

}  // namespace
}  // namespace wsbridged
