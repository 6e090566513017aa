// SPDX-License-Identifier: MIT
// What the admin listener does with an admitted request: asks the program, and makes the answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <ws/event_loop.h>

#include "daemon/admin_gate.h"
#include "daemon/admin_response.h"
#include "daemon/admin_target.h"
#include "daemon/log.h"
#include "daemon/loop_mailbox.h"
#include "daemon/session_rates.h"

namespace wsbridged {

// Belongs to its loop's thread.
class AdminService {
 public:
  static constexpr int kMaxTaps = 8;  // at once; further ones are refused

  AdminService(ws::EventLoop& loop, AdminTarget& target, AdminGate gate, Log& log);
  ~AdminService();
  AdminService(const AdminService&) = delete;
  AdminService& operator=(const AdminService&) = delete;

  using Answer = std::function<void(AdminResponse)>;

  struct Asked {
    const HttpRequest& request;  // valid during the call
    AdminDoor door;
    std::string peer;                    // for the log
    std::function<void()> on_tap_ready;  // called on the loop's thread, should the answer be a tap
  };

  // From the next request on.
  void use_gate(AdminGate gate) { gate_ = std::move(gate); }

  // `answer` is called once, at once or in a later turn; never when the program is ending.
  void serve(const Asked& asked, const Answer& answer);
  // For whoever has waited for `answer` until the connection's deadline.
  [[nodiscard]] static AdminResponse late_answer(const HttpRequest& request);

 private:
  void perform(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void show_metrics(const Answer& answer);
  void show_status(const Answer& answer);
  void show_life(const Answer& answer);
  void kill(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void tap(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void reload(const Answer& answer);
  void set_log_level(const AdminRoute& route, const Answer& answer);

  // A callback for another thread: it calls `action` with its argument on this loop's thread, and
  // nothing once the service is gone.
  template <class Value>
  std::function<void(Value)> on_loop(std::function<void(Value)> action);

  AdminTarget& target_;
  AdminGate gate_;
  Log& log_;
  SessionRates rates_;
  std::shared_ptr<int> tap_count_ = std::make_shared<int>(0);
  std::shared_ptr<LoopMailbox> mailbox_;
};

}  // namespace wsbridged
