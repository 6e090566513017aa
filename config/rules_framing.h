// SPDX-License-Identifier: MIT
// Which keys of `framing` go together: a combination that could do nothing, or could not do what it
// says, is refused.
#pragma once

#include "config/rules.h"

namespace wsbridged::config {

void check_framing(const BoundBridge& bound, Problems& problems);

}  // namespace wsbridged::config
