// SPDX-License-Identifier: MIT
// The verbs of the command line. Each returns the exit status.
#pragma once

#include "daemon/cli.h"

namespace wsbridged {

int run_command(const Command& command, const config::Environment& environment);
int check_command(const Command& command, const config::Environment& environment);
int probe_command(const Command& command, const config::Environment& environment);
int cat_command(const Command& command, const config::Environment& environment);
int demo_command();

}  // namespace wsbridged
