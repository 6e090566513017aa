// SPDX-License-Identifier: MIT
// The keepalive: pings into silence, any byte as life, rest while paused.
#include "connection_harness.h"
#include "protocol/keepalive.h"

namespace ws::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using State = ConnectionState;

constexpr auto kInterval = 25s;
constexpr auto kTimeout = 20s;

// The harness's randomness is zeros, so the counter starts at 0.
std::string counter(unsigned value) {
  return std::string(7, '\0') + static_cast<char>(value);
}

Harness make_harness() {
  return Harness({.ping_interval = kInterval, .ping_timeout = kTimeout});
}

void run_deadline(Harness& harness) {
  REQUIRE(harness.connection.deadline());
  harness.now = *harness.connection.deadline();
  harness.connection.handle_deadline(harness.now);
}

}  // namespace

TEST_CASE("keepalive: silence for ping_interval sends a ping of an 8-byte counter",
          "[connection]") {
  auto harness = make_harness();
  CHECK(harness.connection.deadline() == TimePoint{} + kInterval);
  harness.connection.handle_deadline(TimePoint{} + kInterval - 1ns);
  CHECK(harness.output.empty());
  run_deadline(harness);
  CHECK(harness.sent() == client_frame(0x89, counter(0)));
  CHECK(harness.connection.deadline() == harness.now + kTimeout);
}

TEST_CASE("keepalive: the answer is measured once, and no pong for the user", "[connection]") {
  auto harness = make_harness();
  CHECK(harness.connection.ping_round_trip() == 0us);
  run_deadline(harness);
  harness.now += 1500us;
  harness.receive(server_frame(0x8a, counter(0)));
  CHECK(harness.connection.ping_round_trip() == 1500us);
  CHECK(harness.events.empty());
  CHECK(harness.connection.deadline() == harness.now + kInterval);

  harness.sent();
  run_deadline(harness);
  CHECK(harness.sent() == client_frame(0x89, counter(1)));
  harness.now += 20us;
  harness.receive(server_frame(0x8a, counter(0)));  // late once more: not the one that is measured
  CHECK(harness.connection.ping_round_trip() == 1500us);
  harness.receive(server_frame(0x8a, counter(1)));
  CHECK(harness.connection.ping_round_trip() == 20us);
  harness.receive(server_frame(0x8a, counter(1)));  // twice: the first one counts
  CHECK(harness.round_trips == std::vector{1500us, 20us});
  CHECK(harness.events.empty());
}

TEST_CASE("keepalive: other pongs are the user's", "[connection]") {
  auto harness = make_harness();
  run_deadline(harness);
  harness.receive(server_frame(0x8a, counter(1)) + server_frame(0x8a, "mine"));
  CHECK(harness.events == std::vector<std::string>{"pong " + counter(1), "pong mine"});
}

TEST_CASE("keepalive: any byte received is life, and puts the deadline off", "[connection]") {
  auto harness = make_harness();
  harness.now += 10s;
  harness.receive("\x82");  // the first byte of a frame
  CHECK(harness.connection.deadline() == harness.now + kInterval);
  harness.connection.handle_deadline(TimePoint{} + kInterval);  // a timer that was not touched
  CHECK(harness.output.empty());

  run_deadline(harness);
  harness.now += kTimeout - 1ms;
  harness.receive("\x7e");
  harness.connection.handle_deadline(harness.now + 1ms);
  CHECK(harness.connection.state() == State::kOpen);
  CHECK(harness.connection.deadline() == harness.now + kInterval);
}

TEST_CASE("keepalive: silence for ping_timeout after the ping fails", "[connection]") {
  auto harness = make_harness();
  run_deadline(harness);
  harness.sent();
  harness.connection.handle_deadline(harness.now + kTimeout - 1ns);
  CHECK(harness.connection.state() == State::kOpen);
  run_deadline(harness);
  CHECK(harness.connection.state() == State::kFailing);
  CHECK(harness.failure() == ErrorCode::kPingTimeout);
  CHECK(harness.sent() == client_frame(0x88, close_payload(1011, "keepalive ping timeout")));
  CHECK_FALSE(harness.connection.deadline());
}

TEST_CASE("keepalive: both waits rest while paused and begin anew at resume", "[connection]") {
  auto harness = make_harness();
  harness.connection.pause(harness.now);
  CHECK_FALSE(harness.connection.deadline());
  harness.connection.handle_deadline(harness.now + 1h);
  CHECK(harness.output.empty());
  harness.now += 1h;
  harness.connection.resume(harness.now, harness);
  CHECK(harness.connection.deadline() == harness.now + kInterval);

  run_deadline(harness);  // now a ping is under way
  harness.connection.pause(harness.now);
  harness.connection.handle_deadline(harness.now + 1h);
  CHECK(harness.connection.state() == State::kOpen);
  harness.now += 1h;
  harness.connection.resume(harness.now, harness);
  CHECK(harness.connection.deadline() == harness.now + kTimeout);
  harness.receive(server_frame(0x8a, counter(0)));
  CHECK(harness.connection.ping_round_trip() == 0us);  // the pause is no round trip
  CHECK(harness.events.empty());
}

TEST_CASE("keepalive: it ends with our Close", "[connection]") {
  auto harness = make_harness();
  harness.connection.close(1000, {}, harness.now);
  CHECK(harness.connection.deadline() == harness.now + 5s);
}

TEST_CASE("keepalive: an interval of 0 is never, a timeout of 0 only pings", "[connection]") {
  CHECK_FALSE(Harness({.ping_interval = 0ms, .ping_timeout = 1s}).connection.deadline());

  Harness harness({.ping_interval = 25s, .ping_timeout = 0ms});
  for (unsigned i = 0; i < 10; ++i) {
    run_deadline(harness);
    CHECK(harness.sent() == client_frame(0x89, counter(i)));
    CHECK(harness.now == TimePoint{} + kInterval * (i + 1));
  }
}

TEST_CASE("keepalive: a peer that does not read gets no queue of pings", "[connection]") {
  Harness harness({.ping_interval = 25s, .ping_timeout = 0ms});
  for (int i = 0; i < 10; ++i) {
    run_deadline(harness);  // nothing is taken from the output
    CHECK(harness.now == TimePoint{} + kInterval * (i + 1));
  }
  CHECK(harness.sent() == client_frame(0x89, counter(0)));
  run_deadline(harness);
  CHECK(harness.sent() == client_frame(0x89, counter(1)));

  // The wait for life goes on all the same.
  auto limited = make_harness();
  run_deadline(limited);
  limited.receive("\x82");
  run_deadline(limited);
  CHECK(limited.sent() == client_frame(0x89, counter(0)));
  run_deadline(limited);
  CHECK(limited.failure() == ErrorCode::kPingTimeout);
}

TEST_CASE("keepalive: the longest durations do not overflow the clock", "[connection]") {
  const auto never = std::chrono::milliseconds::max();
  Harness harness({.ping_interval = never, .ping_timeout = never, .close_timeout = never});
  CHECK(*harness.connection.deadline() > harness.now + std::chrono::hours(24 * 365));
  run_deadline(harness);
  harness.connection.close(1000, {}, TimePoint{});
  CHECK(*harness.connection.deadline() > TimePoint{} + std::chrono::hours(24 * 365));
}

TEST_CASE("keepalive: counters start at random, so a user's ping is not taken for one",
          "[keepalive]") {
  support::FixedRandom random("\xff\xff\xff\xff\xff\xff\xff\xff");
  Keepalive keepalive(1s, 1s, TimePoint{});
  CHECK(keepalive.start_ping(TimePoint{}, random).back() == std::byte{0xff});
  CHECK(keepalive.start_ping(TimePoint{}, random).back() == std::byte{0});  // over the end
  CHECK(keepalive.take_pong("\xff\xff\xff\xff\xff\xff\xff\xff", TimePoint{}));
  CHECK(keepalive.take_pong(std::string(8, '\0'), TimePoint{}));
  CHECK_FALSE(keepalive.take_pong("\0\0\0\0\0\0\0\1"s, TimePoint{}));
  CHECK_FALSE(keepalive.take_pong("", TimePoint{}));
}

}  // namespace ws::protocol
