// SPDX-License-Identifier: MIT
// The running program: bridges, their listeners, the workers, the reload and the way to a stop.
// Listeners and signals live on the main thread's loop, sessions on the workers'.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ws/event_loop.h>

#include "config/config.h"
#include "daemon/admin_server.h"
#include "daemon/admin_target.h"
#include "daemon/admission.h"
#include "daemon/cookie_writer.h"
#include "daemon/exit_status.h"
#include "daemon/forced_end.h"
#include "daemon/inherited_sockets.h"
#include "daemon/log.h"
#include "daemon/memory_limit.h"
#include "daemon/recent_errors.h"
#include "daemon/reload.h"
#include "daemon/reload_reader.h"
#include "daemon/served_bridge.h"
#include "daemon/service_link.h"
#include "daemon/serving_plan.h"
#include "daemon/signals.h"
#include "daemon/tls_contexts.h"
#include "daemon/worker.h"

namespace wsbridged {

// What the process was given besides its configuration; all of it may be absent.
struct DaemonEnvironment {
  ConfigLoader load{};  // for a reload
  InheritedSockets sockets{};
  ServiceEnvironment service{};
};

// Belongs to the thread that made it.
class Daemon final : private AdminTarget {
 public:
  struct Bound {
    std::string bridge;
    std::string address;  // with the port really bound
    bool operator==(const Bound&) const = default;
  };

  Daemon(config::Config settings, Log& log, DaemonEnvironment environment = {});
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
  // Reads the configuration again, as SIGHUP does. Sessions go on as they began. `on_done` may be
  // empty; it is called on the loop, once, also when there is no reload. From the loop only.
  void reload(ReloadCallback on_done = {});

  // Of the start, or of the last reload that was not refused.
  [[nodiscard]] const ReloadStatus& reload_status() const { return reload_status_; }

 private:
  [[nodiscard]] static std::optional<std::size_t> memory_limit_of(const config::Limits& limits);
  void limit_memory(std::optional<std::size_t> limit);
  void start_workers();
  void close_unused_sockets();
  [[nodiscard]] ServingPlan::Means plan_means();
  [[nodiscard]] BridgeMeans bridge_means();
  void start_listeners(ServedBridge& served);
  [[nodiscard]] std::function<void()> session_end_callback();
  void start_session(Arrival arrival);
  void update_accepting();
  void limit_accepting(ServedBridge& served, std::string_view limit);
  void note_accept_pause(const std::string& bridge, const std::string& error);

  // AdminTarget: daemon_admin.cc
  void open_admin(std::vector<std::string>& errors);
  [[nodiscard]] static AdminServer::Settings admin_settings(const config::Admin& admin);
  [[nodiscard]] Readiness readiness() const override;
  void take_snapshot(Snapshot::Detail detail, std::function<void(Snapshot)> done) override;
  void kill_session(std::uint64_t id, Found done) override;
  void tap_session(std::uint64_t id, std::shared_ptr<Tap> tap, Found done) override;
  void start_drain() override;
  void reload_configuration(std::function<void(ReloadResult)> done) override;
  void set_log_level(config::LogLevel level) override;
  [[nodiscard]] Snapshot own_view() const;

  // Throws what the threads and their loops throw when the system has none left.
  void start_serving(rlim_t descriptor_limit);
  void handle_signal(int signal);
  void drain();
  void abort_sessions();
  [[nodiscard]] std::size_t session_count() const;
  [[nodiscard]] std::string status() const;
  void start_service_link();

  // reload.cc
  void request_reload();
  void reload_for(std::vector<ReloadCallback> asked);
  void limit_askers(std::vector<ReloadCallback>& asked);
  void refuse_reload(const std::vector<ReloadCallback>& asked, const std::string& why);
  void begin_reload(std::vector<ReloadCallback> asked);
  void start_reader();
  void handle_loaded(config::Loaded loaded, const AdminPlaces& places);
  void take_over(config::Loaded loaded, const AdminPlaces& places, ReloadResult& result);
  void finish_reload(const ReloadResult& result);
  void remember_failure(const std::vector<std::string>& errors);
  void give_up_reload();
  void tell_slow_reload();
  void serve(ServedBridges next);
  void let_in_last(const ServedBridges& bridges);
  void log_listeners(const std::vector<Bound>& before);
  void retire(const ServedBridges& bridges);
  void take_settings(config::Config settings);
  void change_memory_limit(std::optional<std::size_t> limit);
  void log_warnings(const ServingPlan& plan);
  void handle_stop_timer();
  void finish_when_idle();
  [[nodiscard]] Worker& least_loaded();

  enum class Stage : std::uint8_t { kRunning, kDraining, kEnding, kAborting };

  // One at a time; who asks meanwhile gets the next one.
  struct Reloading {
    std::vector<ReloadCallback> asked;
    std::unique_ptr<ServingPlan> plan;
    std::unique_ptr<ReloadReader> reader;  // one that was given up stays until the end
  };

  config::Config settings_;
  Log& log_;
  DaemonEnvironment environment_;
  CookieWriter cookie_writer_;  // outlives the workers
  ws::EventLoop loop_;
  ServiceLink service_link_;
  ws::Timer stop_timer_;
  std::shared_ptr<TlsContexts> tls_contexts_ = std::make_shared<TlsContexts>();
  ServedBridges served_;
  std::vector<std::unique_ptr<Admission>>
      retiring_;  // of before a reload or a drain, until nobody waits
  RecentErrors errors_;
  std::unique_ptr<AdminServer> admin_;  // ends behind the workers, which answer it
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::uint64_t accept_pauses_ = 0;
  std::optional<MemoryLimit> memory_;  // absent: none
  std::vector<std::unique_ptr<Worker>> workers_;
  ForcedEnd forced_end_;
  std::unique_ptr<SignalWatch> signals_;
  std::uint64_t last_session_id_ = 0;
  std::size_t max_sessions_ = 1;  // what the limit of descriptors allows
  std::atomic<bool> is_update_posted_{false};
  bool is_reload_posted_ = false;
  Reloading reloading_;
  std::optional<std::vector<ReloadCallback>> next_reload_;
  ws::Timer reload_patience_;
  ReloadStatus reload_status_;
  std::atomic<Stage> stage_ = Stage::kRunning;
};

}  // namespace wsbridged
