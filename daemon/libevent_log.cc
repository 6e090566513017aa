// SPDX-License-Identifier: MIT
#include "daemon/libevent_log.h"

#include <atomic>
#include <cerrno>
#include <string>

#include <event2/event.h>

namespace wsbridged {
namespace {

std::atomic<Log*> current = nullptr;

// errno is what libevent's caller looks at next.
void write(int severity, const char* message) {
  const int saved_errno = errno;
  Log* const log = current;
  if (log != nullptr && severity >= EVENT_LOG_WARN) {
    log->warn("a system call of the event loop failed", {{"cause", std::string(message)}});
  }
  errno = saved_errno;
}

}  // namespace

LibeventLog::LibeventLog(Log& log) {
  current = &log;
  event_set_log_callback(write);
}

LibeventLog::~LibeventLog() {
  event_set_log_callback(nullptr);
  current = nullptr;
}

}  // namespace wsbridged
