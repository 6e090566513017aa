// SPDX-License-Identifier: MIT
#include "support/refused_watches.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ws::test {

int refused_watches = 0;

}  // namespace ws::test

// Stands in for libc's in each executable that names refused_watches.
extern "C" int epoll_ctl(int poll, int operation, int descriptor, epoll_event* event) noexcept {
  if (operation == EPOLL_CTL_ADD && ws::test::refused_watches > 0) {
    --ws::test::refused_watches;
    errno = ENOSPC;
    return -1;
  }
  return static_cast<int>(syscall(SYS_epoll_ctl, poll, operation, descriptor, event));
}
