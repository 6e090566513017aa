// SPDX-License-Identifier: MIT
// What the process ends with (SPEC, command line).
#pragma once

namespace wsbridged {

enum ExitStatus : int { kExitClean = 0, kExitFailure = 1, kExitUsage = 2 };

}  // namespace wsbridged
