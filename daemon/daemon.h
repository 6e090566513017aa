// SPDX-License-Identifier: MIT
// The running program: bridges, their listeners, the workers, and the way to a stop. Listeners and
// signals live on the main thread's loop, sessions on the workers'.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ws/event_loop.h>

#include "config/config.h"
#include "daemon/admin_server.h"
#include "daemon/admin_target.h"
#include "daemon/bridge.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/memory_limit.h"
#include "daemon/recent_errors.h"
#include "daemon/signals.h"
#include "daemon/worker.h"

namespace wsbridged {

// Exit statuses of SPEC's command line section.
enum ExitStatus : int { kExitClean = 0, kExitFailure = 1, kExitUsage = 2 };

// Belongs to the thread that made it.
class Daemon final : private AdminTarget {
 public:
  struct Bound {
    std::string bridge;
    std::string address;  // with the port really bound
  };

  Daemon(config::Config settings, Log& log);
  ~Daemon() override;
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
  void accept(Served& served, int descriptor, Peer peer);
  void update_accepting();
  void limit_accepting(Served& served, std::string_view limit);
  void note_accept_pause(const std::string& bridge, const std::string& error);

  // AdminTarget: daemon_admin.cc
  void open_admin(std::vector<std::string>& errors);
  [[nodiscard]] Readiness readiness() const override;
  void take_snapshot(Snapshot::Detail detail, std::function<void(Snapshot)> done) override;
  void kill_session(std::uint64_t id, Found done) override;
  void tap_session(std::uint64_t id, std::shared_ptr<Tap> tap, Found done) override;
  void start_drain() override;
  void reload_configuration(std::function<void(Reloaded)> done) override;
  void set_log_level(config::LogLevel level) override;
  [[nodiscard]] Snapshot own_view() const;

  void handle_signal(int signal);
  void drain();
  void handle_stop_timer();
  void finish_when_idle();
  [[nodiscard]] Worker& least_loaded();

  enum class Stage : std::uint8_t { kRunning, kDraining, kEnding, kAborting };

  config::Config settings_;
  Log& log_;
  ws::EventLoop loop_;
  ws::Timer stop_timer_;
  std::vector<std::unique_ptr<Served>> served_;
  RecentErrors errors_;
  std::unique_ptr<AdminServer> admin_;  // ends behind the workers, which answer it
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::uint64_t accept_pauses_ = 0;
  std::optional<MemoryLimit> memory_;  // absent: none
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<SignalWatch> signals_;
  std::uint64_t last_session_id_ = 0;
  std::size_t max_sessions_ = 1;  // what the limit of descriptors allows
  std::atomic<bool> is_update_posted_{false};
  std::atomic<Stage> stage_ = Stage::kRunning;
};

}  // namespace wsbridged
