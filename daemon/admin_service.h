// SPDX-License-Identifier: MIT
// What the admin listener does with an admitted request: asks the program, and makes the answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <ws/event_loop.h>

#include "daemon/admin_answer.h"
#include "daemon/admin_gate.h"
#include "daemon/admin_response.h"
#include "daemon/admin_target.h"
#include "daemon/answer_maker.h"
#include "daemon/log.h"
#include "daemon/loop_mailbox.h"
#include "daemon/peer.h"
#include "daemon/refusals.h"
#include "daemon/session_rates.h"
#include "daemon/shared_answers.h"

namespace wsbridged {

// Belongs to its loop's thread.
class AdminService {
 public:
  static constexpr int kMaxTaps = 8;  // at once; further ones are refused

  AdminService(ws::EventLoop& loop, AdminTarget& target, AdminGate gate, Log& log);
  ~AdminService();
  AdminService(const AdminService&) = delete;
  AdminService& operator=(const AdminService&) = delete;

  using Answer = AdminAnswer;

  struct Asked {
    const HttpRequest& request;  // valid during the call
    AdminDoor door;
    const Peer& peer;                    // valid during the call, for the log
    std::function<void()> on_tap_ready;  // called on the loop's thread, should the answer be a tap
  };

  // From the next request on.
  void use_gate(AdminGate gate) { gate_ = std::move(gate); }

  // `answer` is called once, at once or in a later turn; never when the program is ending.
  void serve(const Asked& asked, const Answer& answer);
  // For whoever has waited for `answer` until the connection's deadline.
  [[nodiscard]] static AdminResponse late_answer(const HttpRequest& request);

  // Nothing is answered any more. From any thread.
  void close() { mailbox_->close(); }

 private:
  void perform(const AdminRoute& route, const Asked& asked, const Answer& answer);
  // A snapshot of the program, and an answer out of it.
  [[nodiscard]] SharedAnswers answers_of(Snapshot::Detail detail, SharedAnswers::Make make);
  void kill(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void tap(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void reload(const Answer& answer);
  void set_log_level(const AdminRoute& route, const Asked& asked, const Answer& answer);
  void change_log_level(config::LogLevel level, const AdminRoute& route, const Asked& asked);
  void tell_refusal(const AdminResponse& response, const Asked& asked);

  // A callback for another thread: it calls `action` with its argument on this loop's thread, and
  // nothing once the service is gone.
  template <class Value>
  std::function<void(Value)> on_loop(std::function<void(Value)> action);

  AdminTarget& target_;
  AdminGate gate_;
  Log& log_;
  Refusals wrong_tokens_;
  SessionRates rates_;  // the maker's
  std::shared_ptr<int> tap_count_ = std::make_shared<int>(0);
  std::shared_ptr<LoopMailbox> mailbox_;
  ws::EventLoop& loop_;
  SharedAnswers metrics_;
  SharedAnswers status_;
  SharedAnswers life_;  // all threads answer; one that does not leaves askers to their own limit
  AnswerMaker maker_;   // goes first
};

}  // namespace wsbridged
