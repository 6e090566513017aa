// SPDX-License-Identifier: MIT
// When to ping a silent peer and when to give it up. It sends nothing itself: Connection does.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/random_source.h"

namespace ws::protocol {

using TimePoint = std::chrono::steady_clock::time_point;

// A wait that nobody lives to see the end of instead of one that overflows the clock.
[[nodiscard]] std::chrono::milliseconds clamp_wait(std::chrono::milliseconds wait);

// A ping after `interval` without a received byte; silence for `timeout` after that ping is the
// peer's end. Any received byte is life. An interval of 0: never; a timeout of 0: pings only.
class Keepalive {
 public:
  // A counter. It starts at random, so that no ping of the user's can be taken for one of these.
  using Payload = std::array<std::byte, 8>;

  Keepalive(std::chrono::milliseconds interval, std::chrono::milliseconds timeout, TimePoint now);

  void note_received(TimePoint now) {
    last_received_ = now;
    is_waiting_ = false;
  }

  // Both waits begin anew: nothing could be received for a while.
  void restart(TimePoint now);

  [[nodiscard]] std::optional<TimePoint> deadline() const;

  enum class Action : std::uint8_t { kNone, kPing, kGiveUp };
  [[nodiscard]] Action action_at(TimePoint now) const;

  // The payload of the ping that is sent now.
  [[nodiscard]] Payload start_ping(TimePoint now, RandomSource& random);

  // The wait for life begins anew without another ping.
  void wait_again(TimePoint now);

  enum class Pong : unsigned char {
    kOther,     // answers none of these pings
    kLate,      // an earlier one, or the latest once more
    kMeasured,  // the latest: see round_trip()
  };

  [[nodiscard]] Pong take_pong(std::string_view payload, TimePoint now);

  [[nodiscard]] std::chrono::microseconds round_trip() const { return round_trip_; }

 private:
  [[nodiscard]] bool is_giving_up() const { return is_waiting_ && timeout_.count() > 0; }

  std::chrono::milliseconds interval_;
  std::chrono::milliseconds timeout_;
  TimePoint last_received_;
  TimePoint wait_start_{};  // of the wait for life after a ping
  TimePoint ping_sent_{};
  std::chrono::microseconds round_trip_{0};
  std::uint64_t first_counter_ = 0;
  std::uint64_t ping_count_ = 0;
  bool is_waiting_ = false;
  bool is_measuring_ = false;
};

}  // namespace ws::protocol
