// SPDX-License-Identifier: MIT
#include "daemon/confirming_pings.h"

namespace wsbridged {

std::string ConfirmingPings::start(const ReplayQueue::Mark& mark, TimePoint now) {
  ++counter_;
  mark_ = mark;
  is_outstanding_ = true;
  return repeat(now);
}

std::string ConfirmingPings::repeat(TimePoint now) {
  sent_at_ = now;
  return payload();
}

std::optional<ReplayQueue::Mark> ConfirmingPings::take_pong(std::string_view payload) {
  if (!is_outstanding_ || payload != this->payload()) {
    return std::nullopt;
  }
  is_outstanding_ = false;
  return mark_;
}

std::string ConfirmingPings::payload() const {
  return "confirm " + std::to_string(counter_);
}

}  // namespace wsbridged
