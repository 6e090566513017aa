// SPDX-License-Identifier: MIT
// What systemd is told, and when: ready, reloading, stopping, how it stands, and that all loops
// turn (sd_notify(3)). Without a service manager it does nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <ws/event_loop.h>

#include "daemon/log.h"
#include "daemon/notify_socket.h"
#include "daemon/turn_rounds.h"

namespace wsbridged {

// STATUS goes out this often at most, and only when it has changed.
inline constexpr std::chrono::seconds kStatusInterval{5};
// While stopping, each STATUS interval asks for this much more time.
inline constexpr std::chrono::seconds kStopExtension{20};

// Belongs to the main loop's thread; the workers' answers are posted to that loop.
class ServiceLink {
 public:
  struct Process {
    std::size_t worker_count = 0;
    // Calls `answer` on that worker's thread when its loop turns.
    std::function<void(std::size_t worker, std::function<void()> answer)> ask_worker;
    std::function<std::string()> status;  // one line for people
  };

  ServiceLink(ws::EventLoop& loop, Log& log, const ServiceEnvironment& environment);

  // The start is done: READY, and from now on STATUS and WATCHDOG.
  void start(Process process);
  void reloading();
  void reloaded();  // whether it succeeded or not: the service goes on
  // Nothing but STATUS, WATCHDOG and requests for more time follows.
  void stopping();

 private:
  void send(const std::string& state);
  void send_with_status(std::string state);
  void handle_status_timer();
  void handle_watchdog_timer();
  void tell_silence();
  void ask(std::size_t worker);

  ws::EventLoop& loop_;
  Log& log_;
  NotifySocket socket_;
  std::optional<std::chrono::milliseconds> watchdog_quarter_;
  Process process_;
  std::optional<TurnRounds> rounds_;
  ws::Timer status_timer_;
  ws::Timer watchdog_timer_;
  std::string last_status_;
  int last_errno_ = 0;
  bool is_stopping_ = false;
  bool is_round_due_ = false;  // at every other quarter
  bool is_silence_told_ = false;
};

}  // namespace wsbridged
