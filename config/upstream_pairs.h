// SPDX-License-Identifier: MIT
// Keys of an upstream that are nothing without another one.
#pragma once

#include "config/rules.h"

namespace wsbridged::config {

void check_upstream_pairs(const BoundBridge& bound, Problems& problems);

}  // namespace wsbridged::config
