// SPDX-License-Identifier: MIT
// The parts of `wsbridged demo`: its configuration, what it tells a newcomer, and a line client
// that tries it. The echo server behind it is echo_server.h; main joins them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <ws/error.h>

#include "config/config.h"

namespace wsbridged {

// One bridge "demo" to `echo_url`, on `tcp` and on DIRECTORY/demo.sock.
[[nodiscard]] config::Config demo_config(const std::string& echo_url, const std::string& directory,
                                         const config::TcpAddress& tcp = {.host = "127.0.0.1",
                                                                          .port = 0});

// How to talk to the bridge on these addresses (as Listener::address() has them).
[[nodiscard]] std::string demo_text(const std::string& echo_url,
                                    const std::vector<std::string>& addresses);

// Together, as long as talk() waits for them.
inline constexpr std::size_t kMaxReplyBytes = std::size_t{4} << 20;

// Connects to `address` ("127.0.0.1:7001", "[::1]:7001", "unix:PATH", "unix:@NAME"), sends `lines`
// and returns the first `lines.size()` that come back, all within `limit`. Blocks: not for a loop's
// thread.
[[nodiscard]] ws::Result<std::vector<std::string>> talk(
    const std::string& address, const std::vector<std::string>& lines,
    std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace wsbridged
