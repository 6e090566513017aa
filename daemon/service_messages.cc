// SPDX-License-Identifier: MIT
#include "daemon/service_messages.h"

#include <utility>

namespace wsbridged {

ServiceMessages::ServiceMessages(std::size_t worker_count, Hooks hooks)
    : hooks_(std::move(hooks)), worker_count_(worker_count), rounds_(worker_count) {}

void ServiceMessages::ready() {
  send_with_status("READY=1");
}

void ServiceMessages::reloading(std::chrono::microseconds now) {
  hooks_.send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceMessages::reloaded() {
  send_with_status("READY=1");
}

void ServiceMessages::stopping(std::chrono::milliseconds longest) {
  extensions_left_ = longest / std::chrono::milliseconds(kStatusInterval) + 1;
  send_with_status("STOPPING=1");
  handle_status_interval();
}

void ServiceMessages::handle_status_interval() {
  if (extensions_left_ > 0) {
    --extensions_left_;
    // The drain is bounded by its own time-out, which may be longer than TimeoutStopSec=.
    const std::chrono::microseconds more = kStopExtension;
    send_with_status("EXTEND_TIMEOUT_USEC=" + std::to_string(more.count()));
  } else if (hooks_.status() != last_status_) {
    send_with_status({});
  }
}

// Fed each half of the time, as sd_watchdog_enabled(3) advises; silence is told a quarter later,
// while there is still time to.
void ServiceMessages::handle_watchdog_quarter(TimePoint now) {
  if (!rounds_.is_complete()) {
    tell_silence(now);
    return;
  }
  is_round_due_ = !is_round_due_;
  if (!is_round_due_ || !rounds_.begin(now)) {
    return;
  }
  is_silence_told_ = false;
  for (std::size_t worker = 0; worker < worker_count_; ++worker) {
    hooks_.ask_worker(worker);
  }
}

void ServiceMessages::handle_answer(std::size_t worker) {
  if (rounds_.answer(worker)) {
    hooks_.send("WATCHDOG=1");
  }
}

// Why the service is about to be restarted would else be told nowhere.
void ServiceMessages::tell_silence(TimePoint now) {
  if (!std::exchange(is_silence_told_, true)) {
    hooks_.on_silence(rounds_.silent_workers().size(), rounds_.waited(now));
  }
}

void ServiceMessages::send_with_status(std::string state) {
  last_status_ = hooks_.status();
  state.append(state.empty() ? "" : "\n").append("STATUS=").append(last_status_);
  hooks_.send(state);
}

}  // namespace wsbridged
