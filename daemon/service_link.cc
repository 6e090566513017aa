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

microseconds monotonic_time() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return microseconds(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

}  // namespace

ServiceLink::ServiceLink(ws::EventLoop& loop, Log& log, const ServiceEnvironment& environment)
    : loop_(loop),
      log_(log),
      socket_(environment.notify_socket),
      status_timer_(loop, [this] { handle_status_timer(); }),
      watchdog_timer_(loop, [this] { handle_watchdog_timer(); }),
      retry_timer_(loop, [this] { send_unsent(); }) {
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
  messages_.emplace(process_.worker_count, hooks());
  messages_->ready();
  status_timer_.start(kStatusInterval);
  if (watchdog_quarter_) {
    handle_watchdog_timer();
  }
}

ServiceMessages::Hooks ServiceLink::hooks() {
  return {
      .send = [this](const std::string& state) { send(state); },
      .status = process_.status,
      .ask_worker = [this](std::size_t worker) { ask(worker); },
      .on_silence = [this](std::size_t workers, auto waited) { tell_silence(workers, waited); }};
}

void ServiceLink::reloading() {
  if (messages_) {
    messages_->reloading(monotonic_time());
  }
}

void ServiceLink::reloaded() {
  if (messages_) {
    messages_->reloaded();
  }
}

void ServiceLink::stopping(milliseconds longest) {
  if (messages_) {
    messages_->stopping(longest);
    status_timer_.start(kStatusInterval);
  }
}

void ServiceLink::handle_status_timer() {
  messages_->handle_status_interval();
  status_timer_.start(kStatusInterval);
}

void ServiceLink::handle_watchdog_timer() {
  watchdog_timer_.start(*watchdog_quarter_);
  messages_->handle_watchdog_quarter(loop_.now());
}

void ServiceLink::ask(std::size_t worker) {
  process_.ask_worker(
      worker, [this, worker] { loop_.post([this, worker] { messages_->handle_answer(worker); }); });
}

void ServiceLink::tell_silence(std::size_t workers, ServiceMessages::TimePoint::duration waited) {
  log_.error("a worker does not turn, the watchdog is not fed",
             {{"workers", std::uint64_t{workers}},
              {"waited_ms", std::int64_t{duration_cast<milliseconds>(waited).count()}}});
}

// In the order in which it came, but what may not wait does not.
void ServiceLink::send(const std::string& state) {
  const bool may_wait = UnsentStates::may_wait(state);
  if (may_wait && !unsent_.empty()) {
    unsent_.add(state);
  } else if (!try_to_send(state) && may_wait) {
    unsent_.add(state);
    retry_delay_ = kFirstRetry;
    retry_timer_.start(retry_delay_);
  }
}

bool ServiceLink::try_to_send(const std::string& state) {
  const int error = socket_.send(state);
  if (error != 0 && error != last_errno_) {
    log_.warn("systemd was not notified", {{"cause", std::generic_category().message(error)},
                                           {"state", state.substr(0, state.find('\n'))}});
  }
  last_errno_ = error;
  return error == 0;
}

void ServiceLink::send_unsent() {
  while (!unsent_.empty() && try_to_send(unsent_.front())) {
    unsent_.pop();
  }
  if (!unsent_.empty()) {
    retry_delay_ = std::min(2 * retry_delay_, kLastRetry);
    retry_timer_.start(retry_delay_);
  }
}

}  // namespace wsbridged
