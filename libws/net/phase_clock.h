// SPDX-License-Identifier: MIT
// Adds up the time that is spent in each phase of an opening. The clock itself is the caller's.
#pragma once

#include <chrono>

#include <ws/error.h>
#include <ws/opening_times.h>

namespace ws::net {

class PhaseClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // What was begun before ends here.
  void begin(Phase phase, TimePoint now) {
    end(now);
    running_ = slot(phase);
    since_ = now;
  }

  void end(TimePoint now) {
    times_ = times(now);
    running_ = nullptr;
  }

  // The phase that is running counts up to `now`.
  [[nodiscard]] OpeningTimes times(TimePoint now) const {
    OpeningTimes times = times_;
    if (running_ != nullptr) {
      times.*running_ += std::chrono::duration_cast<std::chrono::microseconds>(now - since_);
    }
    return times;
  }

  void add(const OpeningTimes& other) {
    for (const Phase phase :
         {Phase::kResolve, Phase::kConnect, Phase::kProxy, Phase::kTls, Phase::kHttp}) {
      times_.*slot(phase) += other.*slot(phase);
    }
  }

 private:
  using Slot = std::chrono::microseconds OpeningTimes::*;

  // nullptr for phases that are not timed.
  static Slot slot(Phase phase) {
    switch (phase) {
      case Phase::kResolve:
        return &OpeningTimes::resolve;
      case Phase::kConnect:
        return &OpeningTimes::connect;
      case Phase::kProxy:
        return &OpeningTimes::proxy;
      case Phase::kTls:
        return &OpeningTimes::tls;
      case Phase::kHttp:
        return &OpeningTimes::http;
      case Phase::kOptions:
      case Phase::kOpen:
        break;
    }
    return nullptr;
  }

  OpeningTimes times_{};
  Slot running_ = nullptr;
  TimePoint since_{};
};

}  // namespace ws::net
