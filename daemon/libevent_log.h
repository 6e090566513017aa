// SPDX-License-Identifier: MIT
// What libevent has to say goes into the log instead of onto stderr, where it would be a line that
// is no entry.
#pragma once

#include "daemon/log.h"

namespace wsbridged {

// One at a time, as libevent has one such function for the process. The log must outlive it.
class LibeventLog {
 public:
  explicit LibeventLog(Log& log);
  ~LibeventLog();
  LibeventLog(const LibeventLog&) = delete;
  LibeventLog& operator=(const LibeventLog&) = delete;
};

}  // namespace wsbridged
