// SPDX-License-Identifier: MIT
// Makes epoll_ctl() of this executable refuse to watch descriptors, as a kernel does that has no
// room (fs.epoll.max_user_watches).
#pragma once

namespace ws::test {

// So many of the next watches fail with ENOSPC. Of the thread that the loops run on.
extern int refused_watches;

}  // namespace ws::test
