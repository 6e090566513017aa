// SPDX-License-Identifier: MIT
// A thread with a loop of its own and the sessions on it. A session never leaves its worker.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <ws/event_loop.h>

#include "daemon/bridge.h"
#include "daemon/cookie_problems.h"
#include "daemon/cookie_writer.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/memory_watch.h"
#include "daemon/session.h"

namespace wsbridged {

// All functions may be called from any thread; they take effect on the worker's, in order.
class Worker {
 public:
  // Of cookie files that templates name; the least recently used are read anew when needed again.
  static constexpr std::size_t kMaxJars = 64;

  // What all workers share.
  struct Shared {
    Log& log;
    RecentErrors& errors;
    CookieWriter& cookie_writer;
    std::shared_ptr<ws::Resolver> resolver;
    MemoryLimit* memory = nullptr;  // null: limits.memory sets no limit yet
  };

  // `on_idle` is called on the worker's thread each time its last session has ended.
  Worker(const Shared& shared, std::function<void()> on_idle);
  // Stops the loop and joins the thread; sessions that still run are cut.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Takes the descriptor.
  void adopt(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer);
  void drain(std::chrono::milliseconds quiet);
  void end_sessions();    // give what is buffered to sides that still take it, and close
  void abort_sessions();  // at once

  // From now on there is a limit, also for the sessions that run. It must outlive the worker; once.
  void limit_memory(MemoryLimit& limit);
  // For whoever looks from outside, in worker_view.cc. `done` is called on the worker's thread.
  void take_view(Snapshot::Detail detail, std::function<void(WorkerView)> done);
  // False: there is no such session here.
  void kill_session(std::uint64_t id, std::function<void(bool)> done);
  void tap_session(std::uint64_t id, std::shared_ptr<Tap> tap, std::function<void(bool)> done);

  // Calls `task` on the worker's thread when its loop turns next.
  void on_next_turn(std::function<void()> task) { loop_.post(std::move(task)); }

  // Sessions here, those on their way included.
  [[nodiscard]] std::size_t session_count() const { return session_count_.load(); }

  // Ends the loop, and with it the thread; sessions that still run are cut by the destructor.
  void stop() { loop_.stop(); }

  // Waits for the thread's end; false when it has not come by then.
  [[nodiscard]] bool has_ended_by(std::chrono::steady_clock::time_point time) const {
    return ended_.wait_until(time) == std::future_status::ready;
  }

  // Has a session lost bytes since drain()?
  [[nodiscard]] bool has_lost_bytes() const { return has_lost_bytes_.load(); }

 private:
  void run();
  void start_session(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer);
  [[nodiscard]] Session::Environment& environment_of(const std::string& bridge);
  void forget(Session& session);
  void watch_memory(MemoryLimit& limit);
  [[nodiscard]] MemoryWatch::Hooks memory_hooks();
  void report_pressure(MemoryWatch::Pressure pressure);
  void for_each_session(const std::function<void(Session&)>& action);
  [[nodiscard]] Session* find_session(std::uint64_t id) const;
  [[nodiscard]] std::shared_ptr<ws::CookieJar> jar_of(Bridge& bridge, const std::string& file);

  struct KnownJar {
    std::shared_ptr<ws::CookieJar> jar;
    std::string error{};         // of the last reading, told once
    std::uint64_t last_use = 0;  // by counting them
  };

  using KnownJars = std::map<std::string, KnownJar>;  // by file

  void refresh(KnownJars::value_type& known, Bridge& bridge);
  void tell_jar_failure(const Bridge& bridge, const std::string& what, const std::string& cause);

  Log& log_;
  RecentErrors& errors_;
  CookieWriter& cookie_writer_;
  std::map<std::string, BridgeTotals> totals_;                // by the bridge's name
  std::map<std::string, Session::Environment> environments_;  // likewise
  std::function<void()> on_idle_;
  ws::EventLoop loop_;
  ws::Timer keep_running_;  // a loop with nothing to wait for would end
  CookieProblems cookie_problems_;
  MemoryLimit* memory_limit_ = nullptr;
  ws::Timer memory_timer_;
  std::optional<MemoryWatch> memory_;  // absent without a limit
  std::optional<ws::EventLoop::Clock::time_point> pressure_told_at_;
  KnownJars jars_;
  std::uint64_t jar_uses_ = 0;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> finished_;  // destroyed outside of their own calls
  ws::Timer sweep_;
  std::chrono::milliseconds quiet_{0};
  bool is_draining_ = false;
  std::atomic<std::size_t> session_count_{0};
  std::atomic<bool> has_lost_bytes_{false};
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
  std::thread thread_;
};

}  // namespace wsbridged
