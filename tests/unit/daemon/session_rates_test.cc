// SPDX-License-Identifier: MIT
#include "daemon/session_rates.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;

SessionView session(std::uint64_t id, std::uint64_t lines, std::chrono::milliseconds age) {
  return {.id = id, .age = age, .up = {.lines = lines, .bytes = lines * 10}};
}

TEST_CASE("session rates: the first look shows the average of a session's life", "[rates]") {
  SessionRates rates;
  const auto first = rates.look({session(1, 100, 10s), session(2, 0, 0ms)}, {});
  CHECK(first[0].lines_up == Approx(10));
  CHECK(first[0].bytes_up == Approx(100));
  CHECK(first[0].seconds == Approx(10));
  CHECK(first[1].lines_up == 0);
}

TEST_CASE("session rates: later looks show what moved since the one before", "[rates]") {
  SessionRates rates;
  const SessionRates::Time start{1h};
  static_cast<void>(rates.look({session(1, 100, 10s)}, start));
  const auto second = rates.look({session(1, 300, 12s), session(2, 8, 2s)}, start + 2s);
  CHECK(second[0].lines_up == Approx(100));
  CHECK(second[1].lines_up == Approx(4));  // new: its life
  // Somebody else looks a moment later: the comparison stays the same, not a gap of 10 ms.
  CHECK(rates.look({session(1, 300, 12s)}, start + 2010ms)[0].seconds == Approx(2.01));
  CHECK(rates.look({session(1, 400, 14s)}, start + 4s)[0].lines_up == Approx(50));
}

TEST_CASE("session rates: a look of long ago says nothing about now", "[rates]") {
  SessionRates rates;
  const SessionRates::Time start{1h};
  static_cast<void>(rates.look({session(1, 1000, 10s)}, start));
  const auto late = rates.look({session(1, 1000, 100s)}, start + 90s);
  CHECK(late[0].lines_up == Approx(10));
  CHECK(late[0].seconds == Approx(100));
}

}  // namespace
}  // namespace wsbridged
