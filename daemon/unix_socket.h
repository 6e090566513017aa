// SPDX-License-Identifier: MIT
// Binds Unix listening sockets: mode, owner and group before anybody can connect, stale sockets
// replaced, everything else in the way left alone.
//
// Two programs that start on one path take turns: each holds an flock() on the directory (no file
// is left behind) from looking at the path until its socket listens. The wait for it is bounded.
#pragma once

#include <chrono>
#include <optional>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

inline constexpr std::chrono::milliseconds kDirectoryLockWait{1'000};

// Precondition: `listen.address` holds a UnixAddress. Mode, owner and group say nothing about an
// abstract one. With an error nothing stays bound and no file of ours is left.
[[nodiscard]] ws::Result<ListeningSocket> listen_unix(const config::Listen& listen);

// Gives a socket that listens already the mode, owner and group of `listen`. Precondition:
// `listen.address` is the path that `file` was made at.
[[nodiscard]] std::optional<ws::Error> change_access(const config::Listen& listen,
                                                     const UnixSocketFile& file);

}  // namespace wsbridged
