// SPDX-License-Identifier: MIT
// What the program says when it cannot go on: one line on stderr, made without any memory. Out of
// memory it ends, since what state is left cannot be trusted, and its supervisor starts it again.
#pragma once

namespace wsbridged {

// Ends the process with kExitFailure; no destructor runs. `cause` may be nullptr.
[[noreturn]] void end_at_once(const char* cause) noexcept;

// From now on an exception that nobody catches, on any thread, ends the process that way: with a
// line that says why, and without a core file, which would hold what the sessions hold.
void end_at_once_when_uncaught();

}  // namespace wsbridged
