// SPDX-License-Identifier: MIT
// The running program: bridges, their listeners, the workers, and the way to a stop. Listeners and
// signals live on the main thread's loop, sessions on the workers'.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ws/event_loop.h>

#include "config/config.h"
#include "daemon/admission.h"
#include "daemon/bridge.h"
#include "daemon/cookie_writer.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/memory_limit.h"
#include "daemon/signals.h"
#include "daemon/tls_contexts.h"
#include "daemon/worker.h"

namespace wsbridged {

// Exit statuses of SPEC's command line section.
enum ExitStatus : int { kExitClean = 0, kExitFailure = 1, kExitUsage = 2 };

// Belongs to the thread that made it.
class Daemon {
 public:
  struct Bound {
    std::string bridge;
    std::string address;  // with the port really bound
  };

  Daemon(config::Config settings, Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Prepares every bridge and binds every listener. Returns what went wrong, everything at once;
  // nothing is accepted then.
  [[nodiscard]] std::vector<std::string> open();
  [[nodiscard]] std::vector<Bound> bound() const;

  // Accepts until stopped and drained. Returns the exit status.
  int run();
  // Drains, as SIGTERM does; called again it ends at once. Thread-safe.
  void stop();

 private:
  struct Served;  // a bridge and its listeners

  void limit_memory();
  void open_bridge(const config::Bridge& settings, std::vector<std::string>& errors);
  void start_listeners(Served& served);
  void start_session(Arrival arrival);
  void update_accepting();
  void limit_accepting(Served& served, std::string_view limit);
  void handle_signal(int signal);
  void drain();
  void handle_stop_timer();
  void finish_when_idle();
  [[nodiscard]] Worker& least_loaded();

  enum class Stage : std::uint8_t { kRunning, kDraining, kEnding, kAborting };

  config::Config settings_;
  Log& log_;
  CookieWriter cookie_writer_;  // outlives the workers
  ws::EventLoop loop_;
  ws::Timer stop_timer_;
  std::shared_ptr<TlsContexts> tls_contexts_ = std::make_shared<TlsContexts>();
  std::vector<std::unique_ptr<Served>> served_;
  std::optional<MemoryLimit> memory_;  // absent: none
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<SignalWatch> signals_;
  std::uint64_t last_session_id_ = 0;
  std::size_t max_sessions_ = 1;  // what the limit of descriptors allows
  std::atomic<bool> is_update_posted_{false};
  Stage stage_ = Stage::kRunning;
};

}  // namespace wsbridged
