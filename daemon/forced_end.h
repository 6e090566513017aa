// SPDX-License-Identifier: MIT
// The last resort of a stop. A worker that hangs, in a file system or by a bug, ends none of its
// sessions and no thread: without this the process would wait for it for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include <ws/event_loop.h>

#include "daemon/log.h"
#include "daemon/worker.h"

namespace wsbridged {

// From the moment in which sessions are cut, which takes a worker that turns no time.
inline constexpr std::chrono::seconds kForcedEndTime{2};
// For workers without sessions to end their threads, at the very end.
inline constexpr std::chrono::seconds kThreadEndTime{5};

// Belongs to the main loop's thread.
class ForcedEnd {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  // `workers` may grow until start(). All must outlive it.
  ForcedEnd(ws::EventLoop& loop, Log& log, const Workers& workers);

  // The process ends in kForcedEndTime, with kExitFailure, unless the loop does before; the log
  // says which workers do not turn. Further calls change nothing.
  void start();
  // Ends the workers' threads; the process, too, when one does not end within kThreadEndTime.
  void end_threads();

 private:
  using Answer = std::shared_ptr<std::atomic<bool>>;

  void handle_timer();
  void tell_silent(std::size_t worker);

  Log& log_;
  const Workers& workers_;
  std::vector<Answer> answers_;  // of each worker, once started
  ws::Timer timer_;
};

}  // namespace wsbridged
