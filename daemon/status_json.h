// SPDX-License-Identifier: MIT
// A snapshot as the JSON of /status, which the status page and `ctl ps` read. Pure. Nothing in it
// is a secret: no header, cookie, line, password, nor user information and query of a URL.
#pragma once

#include <span>
#include <string>

#include "daemon/session_rates.h"
#include "daemon/snapshot.h"

namespace wsbridged {

// `rates` are those of snapshot.sessions, in their order.
[[nodiscard]] std::string status_json(const Snapshot& snapshot, std::span<const SessionRate> rates,
                                      std::chrono::system_clock::time_point now);

// {"ready":false,"reason":"draining"}
[[nodiscard]] std::string readiness_json(const Readiness& readiness);

}  // namespace wsbridged
