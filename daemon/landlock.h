// SPDX-License-Identifier: MIT
// What the kernel's Landlock is asked for. Threads inherit it from the thread that starts them, and
// nobody gets back what he gave up.
#pragma once

#include <string>

namespace wsbridged {

// The kernel's version of Landlock; 0 when it has none, or none for this process.
[[nodiscard]] int landlock_version();

// From now on the calling thread, and those that it starts, make, change, remove and execute no
// file, but below `directory` (empty: nowhere; one that is not there: nowhere). Reading, sockets
// and what is already open stay as they are. Returns 0, or the errno of the failure.
[[nodiscard]] int give_up_changing_files(const std::string& directory = {});

}  // namespace wsbridged
