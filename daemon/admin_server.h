// SPDX-License-Identifier: MIT
// The admin listener: HTTP on admin.listen and admin.metrics, on a thread of its own, so that
// whoever asks delays nobody's lines. Not on libevent's evhttp: that has no limit of connections
// and only timeouts that every byte begins anew, and cannot be told what it has accepted.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <ws/event_loop.h>

#include "config/config.h"
#include "daemon/admin_connection.h"
#include "daemon/admin_places.h"
#include "daemon/admin_service.h"
#include "daemon/admin_target.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/refusals.h"

namespace wsbridged {

class AdminServer {
 public:
  static constexpr std::size_t kMaxConnections = 64;  // of each listener; further ones wait

  struct Settings {
    config::Admin admin{};
    std::chrono::milliseconds deadline = AdminConnection::kDeadline;
  };

  // Binds `places`, which are those of `settings`; nothing is accepted before start().
  [[nodiscard]] static ws::Result<std::unique_ptr<AdminServer>> open(const Settings& settings,
                                                                     const AdminPlaces& places,
                                                                     AdminTarget& target, Log& log);
  // Ends every connection and joins the thread.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // `target` and `log` must outlive the server.
  void start();

  // Changes it to `settings`, in two steps: what can fail, then the rest, or else give_up(). Who is
  // connected gets his answer, also over a listener that goes. The thread may run; all these wait
  // for it. A place whose socket is bound already need not have been found.
  [[nodiscard]] std::optional<ws::Error> prepare(const Settings& settings,
                                                 const AdminPlaces& places);
  void commit();
  void give_up();

  // Are these the settings already? Waits for nobody.
  [[nodiscard]] bool is_as(const Settings& settings) const { return settings.admin == admin_; }

  // With the ports really bound; admin.listen first.
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  struct Door;
  struct Plan;
  AdminServer(const Settings& settings, AdminTarget& target, Log& log);
  void on_own_thread(const std::function<void()>& task);
  [[nodiscard]] std::optional<ws::Error> plan_door(const AdminPlace& place);
  [[nodiscard]] Door* find_open(const config::Address& address, AdminDoor::Serves serves) const;
  [[nodiscard]] std::string explain(const config::Listen& listen, const ws::Error& error) const;
  void carry_out();
  static void retire(Door& door);
  void start_door(Door& door);
  void run();
  void accept(Door& door, int descriptor, const Peer& peer);
  void forget(Door& door, AdminConnection& connection);

  Log& log_;
  std::chrono::milliseconds deadline_;
  ws::EventLoop loop_;
  ws::Timer keep_running_;  // a loop with nothing to wait for would end
  AdminService service_;
  Refusals refusals_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<std::unique_ptr<Door>> retired_;  // without listeners, until their connections end
  std::unique_ptr<Plan> plan_;
  config::Admin admin_;  // of the last commit(), which its caller waits for
  std::vector<std::unique_ptr<AdminConnection>> finished_;  // destroyed outside of their own calls
  ws::Timer sweep_;
  std::thread thread_;
};

}  // namespace wsbridged
