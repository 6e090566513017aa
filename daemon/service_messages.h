// SPDX-License-Identifier: MIT
// What systemd is told, in which words and when (sd_notify(3)). Time is told to it: the timers and
// the socket are ServiceLink's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "daemon/turn_rounds.h"

namespace wsbridged {

// STATUS goes out this often at most, and only when it has changed.
inline constexpr std::chrono::seconds kStatusInterval{5};
// While stopping, each STATUS interval asks for this much more time.
inline constexpr std::chrono::seconds kStopExtension{20};

// Not thread-safe.
class ServiceMessages {
 public:
  using TimePoint = TurnRounds::Clock::time_point;

  struct Hooks {
    std::function<void(const std::string& state)> send;
    std::function<std::string()> status;                 // one line for people
    std::function<void(std::size_t worker)> ask_worker;  // it answers with handle_answer()
    // Workers that did not turn for so long, once for each time.
    std::function<void(std::size_t workers, TimePoint::duration waited)> on_silence;
  };

  ServiceMessages(std::size_t worker_count, Hooks hooks);

  void ready();
  // `now` is CLOCK_MONOTONIC's, by which systemd tells which reload a READY ends.
  void reloading(std::chrono::microseconds now);
  void reloaded();  // whether it succeeded or not: the service goes on
  // Nothing but STATUS, WATCHDOG and requests for more time follows; these end when the stop takes
  // longer than `longest`, so that the manager's own time-out ends a stop that hangs.
  void stopping(std::chrono::milliseconds longest);

  // To be called every kStatusInterval.
  void handle_status_interval();
  // To be called at every quarter of the watchdog's time.
  void handle_watchdog_quarter(TimePoint now);
  void handle_answer(std::size_t worker);

 private:
  void send_with_status(std::string state);
  void tell_silence(TimePoint now);

  Hooks hooks_;
  std::size_t worker_count_;
  TurnRounds rounds_;
  std::string last_status_;
  std::int64_t extensions_left_ = 0;  // while stopping
  bool is_round_due_ = false;         // at every other quarter
  bool is_silence_told_ = false;
};

}  // namespace wsbridged
