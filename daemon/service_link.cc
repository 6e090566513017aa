// SPDX-License-Identifier: MIT
#include "daemon/service_link.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <system_error>
#include <utility>

namespace wsbridged {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// RELOADING wants CLOCK_MONOTONIC, so that systemd can tell which reload a READY ends.
std::string monotonic_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

}  // namespace

ServiceLink::ServiceLink(ws::EventLoop& loop, Log& log, const ServiceEnvironment& environment)
    : loop_(loop),
      log_(log),
      socket_(environment.notify_socket),
      status_timer_(loop, [this] { handle_status_timer(); }),
      watchdog_timer_(loop, [this] { handle_watchdog_timer(); }) {
  if (environment.watchdog_time && socket_.has_listener()) {
    watchdog_quarter_ =
        std::max(duration_cast<milliseconds>(*environment.watchdog_time / 4), milliseconds(1));
  }
}

void ServiceLink::start(Process process) {
  process_ = std::move(process);
  if (!socket_.has_listener()) {
    return;
  }
  send_with_status("READY=1");
  status_timer_.start(kStatusInterval);
  if (watchdog_quarter_) {
    rounds_.emplace(process_.worker_count);
    handle_watchdog_timer();
  }
}

void ServiceLink::reloading() {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void ServiceLink::reloaded() {
  send_with_status("READY=1");
}

void ServiceLink::stopping() {
  is_stopping_ = true;
  send_with_status("STOPPING=1");
  handle_status_timer();
}

void ServiceLink::handle_status_timer() {
  if (!socket_.has_listener()) {
    return;
  }
  if (is_stopping_) {
    // The drain is bounded by its own time-out, which may be longer than TimeoutStopSec=.
    send_with_status("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds(kStopExtension).count()));
  } else if (process_.status() != last_status_) {
    send_with_status({});
  }
  status_timer_.start(kStatusInterval);
}

// Fed each half of the time, as sd_watchdog_enabled(3) advises; silence is told a quarter later,
// while there is still time to.
void ServiceLink::handle_watchdog_timer() {
  watchdog_timer_.start(*watchdog_quarter_);
  if (!rounds_->is_complete()) {
    tell_silence();
    return;
  }
  is_round_due_ = !is_round_due_;
  if (!is_round_due_ || !rounds_->begin(loop_.now())) {
    return;
  }
  is_silence_told_ = false;
  for (std::size_t worker = 0; worker < process_.worker_count; ++worker) {
    ask(worker);
  }
}

void ServiceLink::ask(std::size_t worker) {
  process_.ask_worker(worker, [this, worker] {
    loop_.post([this, worker] {
      if (rounds_->answer(worker)) {
        send("WATCHDOG=1");
      }
    });
  });
}

// Why the service is about to be restarted would else be told nowhere.
void ServiceLink::tell_silence() {
  if (std::exchange(is_silence_told_, true)) {
    return;
  }
  const auto waited = duration_cast<milliseconds>(rounds_->waited(loop_.now()));
  log_.error("a worker does not turn, the watchdog is not fed",
             {{"workers", std::uint64_t{rounds_->silent_workers().size()}},
              {"waited_ms", std::int64_t{waited.count()}}});
}

void ServiceLink::send_with_status(std::string state) {
  if (!socket_.has_listener()) {
    return;
  }
  last_status_ = process_.status ? process_.status() : std::string();
  state.append(state.empty() ? "" : "\n").append("STATUS=").append(last_status_);
  send(state);
}

void ServiceLink::send(const std::string& state) {
  const int error = socket_.send(state);
  if (error != 0 && error != last_errno_) {
    log_.warn("systemd was not notified", {{"cause", std::generic_category().message(error)},
                                           {"state", state.substr(0, state.find('\n'))}});
  }
  last_errno_ = error;
}

}  // namespace wsbridged
