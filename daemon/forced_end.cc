// SPDX-License-Identifier: MIT
#include "daemon/forced_end.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "daemon/exit_status.h"

namespace wsbridged {

ForcedEnd::ForcedEnd(ws::EventLoop& loop, Log& log, const Workers& workers)
    : log_(log), workers_(workers), timer_(loop, [this] { handle_timer(); }) {}

void ForcedEnd::start() {
  if (!answers_.empty()) {
    return;
  }
  for (const auto& worker : workers_) {
    const Answer& answer = answers_.emplace_back(std::make_shared<std::atomic<bool>>(false));
    worker->on_next_turn([answer] { *answer = true; });
  }
  timer_.start(kForcedEndTime);
}

// No destructor may run: they would wait for the same worker.
void ForcedEnd::handle_timer() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!*answers_[i]) {
      tell_silent(i);
    } else if (workers_[i]->session_count() > 0) {
      log_.error("sessions do not end, ending without them",
                 {{"worker", std::uint64_t{i}},
                  {"sessions", std::uint64_t{workers_[i]->session_count()}}});
    }
  }
  std::_Exit(kExitFailure);
}

void ForcedEnd::end_threads() {
  for (const auto& worker : workers_) {
    worker->stop();
  }
  const auto until = std::chrono::steady_clock::now() + kThreadEndTime;
  bool is_any_silent = false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i]->has_ended_by(until)) {
      tell_silent(i);
      is_any_silent = true;
    }
  }
  if (is_any_silent) {
    std::_Exit(kExitFailure);
  }
}

void ForcedEnd::tell_silent(std::size_t worker) {
  log_.error("a worker does not turn, ending without it",
             {{"worker", std::uint64_t{worker}},
              {"sessions", std::uint64_t{workers_[worker]->session_count()}}});
}

}  // namespace wsbridged
