// SPDX-License-Identifier: MIT
#include "daemon/dial_damper.h"

#include <algorithm>

namespace wsbridged {

using std::chrono::milliseconds;

milliseconds DialDamper::ask(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (failures_ < kFreeFailures) {
    return milliseconds(0);
  }
  if (now < next_turn_) {
    return std::chrono::ceil<milliseconds>(next_turn_ - now);
  }
  // Dials that were under way when it began do not double it: only turns do.
  wait_ = std::min(2 * wait_, kLongestWait);
  next_turn_ = now + wait_;
  return milliseconds(0);
}

DialDamper::Change DialDamper::dial_failed(TimePoint now) {
  const std::lock_guard lock(mutex_);
  failures_ = std::min(failures_ + 1, kFreeFailures + 1);
  if (failures_ != kFreeFailures) {
    return Change::kNone;
  }
  wait_ = kFirstWait;
  next_turn_ = now + wait_;
  return Change::kDamped;
}

DialDamper::Change DialDamper::dial_cancelled(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_ == 0 || now - first_cancelled_ > kLongestWait) {
      first_cancelled_ = now;
      cancelled_ = 1;
      return Change::kNone;
    }
    ++cancelled_;
  }
  return dial_failed(now);
}

milliseconds DialDamper::turn_interval() const {
  const std::lock_guard lock(mutex_);
  return failures_ < kFreeFailures ? milliseconds(0) : wait_;
}

DialDamper::Change DialDamper::dial_succeeded() {
  const std::lock_guard lock(mutex_);
  const bool was_damped = failures_ >= kFreeFailures;
  failures_ = 0;
  cancelled_ = 0;
  return was_damped ? Change::kFree : Change::kNone;
}

}  // namespace wsbridged
