// SPDX-License-Identifier: MIT
// One answer for all who ask for the same: whoever asks while one is gathered waits for the next,
// so that nobody is told what was before he asked, and however many ask, the program is asked once
// at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <ws/event_loop.h>

#include "daemon/admin_answer.h"
#include "daemon/answer_maker.h"
#include "daemon/loop_mailbox.h"
#include "daemon/snapshot.h"

namespace wsbridged {

// Belongs to its loop's thread, and to be destroyed when mailbox and maker are closed. Memory: who
// waits, and kMaxUnread answers that somebody is still reading.
class SharedAnswers {
 public:
  // Long answers that are not read to their end: with so many, further askers are refused.
  static constexpr std::size_t kMaxUnread = 8;
  static constexpr std::size_t kLong = std::size_t{64} << 10U;  // bytes

  struct Means {
    ws::EventLoop& loop;
    std::shared_ptr<LoopMailbox> mailbox;  // to the loop
    AnswerMaker& maker;
  };

  // Asks the program; the callback is called on any thread, once or, when the program ends, never.
  using Gather = std::function<void(std::function<void(Snapshot)>)>;
  // On the maker's thread.
  using Make = std::function<AdminResponse(Snapshot)>;

  SharedAnswers(Means means, Gather gather, Make make);
  SharedAnswers(const SharedAnswers&) = delete;
  SharedAnswers& operator=(const SharedAnswers&) = delete;

  void ask(const AdminAnswer& answer);

 private:
  struct Made {
    AdminAnswer::Shared response;
    std::chrono::milliseconds took;
  };

  void begin();
  void make(Snapshot snapshot);
  void deliver(const Made& made);
  [[nodiscard]] Made make_timed(Snapshot snapshot) const;
  [[nodiscard]] bool has_too_many_unread();

  Means means_;
  Gather gather_;
  Make make_;
  ws::Timer rest_;
  bool is_under_way_ = false;
  std::vector<AdminAnswer> served_;   // by the answer under way
  std::vector<AdminAnswer> waiting_;  // for the next
  std::vector<std::weak_ptr<const AdminResponse>> unread_;
};

}  // namespace wsbridged
