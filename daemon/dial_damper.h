// SPDX-License-Identifier: MIT
// Keeps the sessions of a bridge from hammering an upstream that is down: after three failed dials
// in a row they wait for turns, which come 100 ms apart, doubling to 5 s, until one succeeds.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace wsbridged {

// Shared by all sessions of a bridge; thread-safe. A dial is one way through all URLs.
class DialDamper {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::uint32_t kFreeFailures = 3;
  static constexpr std::chrono::milliseconds kFirstWait{100};
  static constexpr std::chrono::milliseconds kLongestWait{5'000};

  // What a dial's result changed, for the log.
  enum class Change : std::uint8_t { kNone, kDamped, kFree };

  // 0: dial now; the turn is then taken. Else ask again after that long.
  [[nodiscard]] std::chrono::milliseconds ask(TimePoint now);
  [[nodiscard]] Change dial_failed(TimePoint now);
  // A program left before its dial had a result. One alone says nothing; a row of them within
  // kLongestWait counts as failures, as a loop of such programs would else never be damped.
  [[nodiscard]] Change dial_cancelled(TimePoint now);
  [[nodiscard]] Change dial_succeeded();

  // How far apart turns are, for whoever looks from outside; 0: dials are free.
  [[nodiscard]] std::chrono::milliseconds turn_interval() const;

 private:
  mutable std::mutex mutex_;
  std::uint32_t failures_ = 0;   // in a row
  std::uint32_t cancelled_ = 0;  // since first_cancelled_
  TimePoint first_cancelled_{};
  std::chrono::milliseconds wait_{0};
  TimePoint next_turn_{};
};

}  // namespace wsbridged
