// SPDX-License-Identifier: MIT
// The pings that confirm what was sent: a pong proves that the peer's WebSocket stack took every
// frame before its ping (RFC 6455 sections 5.4 and 5.5.3). Pure: the caller sends them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/replay_queue.h"

namespace wsbridged {

// One is outstanding at a time. Not thread-safe.
class ConfirmingPings {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `repeat_after`: a peer that got another ping meanwhile may answer that one only (section
  // 5.5.3), so an unanswered one is then sent again, with the same payload.
  explicit ConfirmingPings(std::chrono::milliseconds repeat_after) : repeat_after_(repeat_after) {}

  [[nodiscard]] bool is_outstanding() const { return is_outstanding_; }

  [[nodiscard]] bool is_overdue(TimePoint now) const {
    return is_outstanding_ && now - sent_at_ >= repeat_after_;
  }

  // The payload of a ping that confirms everything up to `mark`. None may be outstanding.
  [[nodiscard]] std::string start(const ReplayQueue::Mark& mark, TimePoint now);
  // The payload of the outstanding one once more.
  [[nodiscard]] std::string repeat(TimePoint now);

  // Nothing could be received for a while: the pong is waited for anew.
  void wait_again(TimePoint now) { sent_at_ = now; }

  // What a pong confirms: nothing unless it answers the outstanding ping.
  [[nodiscard]] std::optional<ReplayQueue::Mark> take_pong(std::string_view payload);

  // A new connection, which knows nothing of earlier pings.
  void forget() { is_outstanding_ = false; }

 private:
  [[nodiscard]] std::string payload() const;

  std::chrono::milliseconds repeat_after_;
  bool is_outstanding_ = false;
  std::uint64_t counter_ = 0;
  ReplayQueue::Mark mark_;
  TimePoint sent_at_{};
};

}  // namespace wsbridged
