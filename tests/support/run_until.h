// SPDX-License-Identifier: MIT
// Waiting in tests: for a condition, with a limit, and without sleeping past it.
#pragma once

#include <functional>

#include <ws/event_loop.h>

namespace ws::test {

// Turns the loop until `is_done`, which is asked every millisecond. False when it took longer than
// 20 seconds.
[[nodiscard]] bool run_until(EventLoop& loop, const std::function<bool()>& is_done);

}  // namespace ws::test
