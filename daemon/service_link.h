// SPDX-License-Identifier: MIT
// The way from the running program to systemd: the timers and the socket of ServiceMessages.
// Without a service manager it does nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <ws/event_loop.h>

#include "daemon/log.h"
#include "daemon/notify_socket.h"
#include "daemon/service_messages.h"
#include "daemon/unsent_states.h"

namespace wsbridged {

// What could not be sent is tried again after this long, doubling.
inline constexpr std::chrono::milliseconds kFirstRetry{100};
inline constexpr std::chrono::milliseconds kLastRetry{2'000};

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
  // As in ServiceMessages; nothing is told before the start.
  void reloading();
  void reloaded();
  void stopping(std::chrono::milliseconds longest);

 private:
  [[nodiscard]] ServiceMessages::Hooks hooks();
  void send(const std::string& state);
  [[nodiscard]] bool try_to_send(const std::string& state);
  void send_unsent();
  void handle_status_timer();
  void handle_watchdog_timer();
  void ask(std::size_t worker);
  void tell_silence(std::size_t workers, ServiceMessages::TimePoint::duration waited);

  ws::EventLoop& loop_;
  Log& log_;
  NotifySocket socket_;
  std::optional<std::chrono::milliseconds> watchdog_quarter_;
  Process process_;
  std::optional<ServiceMessages> messages_;  // once started
  ws::Timer status_timer_;
  ws::Timer watchdog_timer_;
  ws::Timer retry_timer_;
  std::chrono::milliseconds retry_delay_ = kFirstRetry;
  UnsentStates unsent_;
  int last_errno_ = 0;
};

}  // namespace wsbridged
