// SPDX-License-Identifier: MIT
#include "daemon/confirming_pings.h"

#include "support/catch.h"

using std::chrono::milliseconds;
using wsbridged::ConfirmingPings;
using wsbridged::ReplayQueue;

namespace {

constexpr ReplayQueue::Mark kFirst{.lines = 3, .line_bytes = 30};
constexpr ReplayQueue::Mark kSecond{.lines = 5, .line_bytes = 50};
constexpr ConfirmingPings::TimePoint kNow{};

}  // namespace

TEST_CASE("confirming pings: a pong confirms what its ping stood for", "[confirm]") {
  ConfirmingPings pings(milliseconds(100));
  const std::string first = pings.start(kFirst, kNow);
  CHECK(pings.is_outstanding());
  CHECK(pings.take_pong(first) == kFirst);
  CHECK_FALSE(pings.is_outstanding());
  const std::string second = pings.start(kSecond, kNow);
  CHECK(second != first);
  CHECK(pings.take_pong(second) == kSecond);
}

TEST_CASE("confirming pings: pongs that answer nothing confirm nothing", "[confirm]") {
  ConfirmingPings pings(milliseconds(100));
  const std::string old = pings.start(kFirst, kNow);
  CHECK_FALSE(pings.take_pong("unasked"));
  CHECK_FALSE(pings.take_pong(""));
  CHECK(pings.take_pong(old).has_value());
  CHECK_FALSE(pings.take_pong(old));
  const std::string lost = pings.start(kSecond, kNow);
  pings.forget();
  CHECK_FALSE(pings.take_pong(lost));
  const std::string next = pings.start(kSecond, kNow);
  CHECK_FALSE(pings.take_pong(lost));
  CHECK(pings.take_pong(next) == kSecond);
}

TEST_CASE("confirming pings: an unanswered one is sent again as it was (RFC 6455 5.5.3)",
          "[confirm]") {
  ConfirmingPings pings(milliseconds(100));
  CHECK_FALSE(pings.is_overdue(kNow));
  const std::string payload = pings.start(kFirst, kNow);
  CHECK_FALSE(pings.is_overdue(kNow + milliseconds(99)));
  CHECK(pings.is_overdue(kNow + milliseconds(100)));
  CHECK(pings.repeat(kNow + milliseconds(100)) == payload);
  CHECK_FALSE(pings.is_overdue(kNow + milliseconds(199)));
  pings.wait_again(kNow + milliseconds(1000));
  CHECK_FALSE(pings.is_overdue(kNow + milliseconds(1099)));
  CHECK(pings.is_overdue(kNow + milliseconds(1100)));
  CHECK(pings.take_pong(payload) == kFirst);
  CHECK_FALSE(pings.take_pong(payload));
}
