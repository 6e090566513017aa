// SPDX-License-Identifier: MIT
// Which values of `reconnect` go together, and with a line.
#pragma once

#include "config/rules.h"

namespace wsbridged::config {

void check_reconnect(const BoundBridge& bound, Problems& problems);

}  // namespace wsbridged::config
