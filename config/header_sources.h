// SPDX-License-Identifier: MIT
// Which keys fill a header of the handshake: no header may have two sources.
#pragma once

#include "config/rules.h"

namespace wsbridged::config {

// Cookie, Origin and Authorization (SPEC: Configuration).
void check_header_sources(const BoundBridge& bound, Problems& problems);

// Does the request hold what others must not read?
[[nodiscard]] bool sends_credentials(const BoundBridge& bound);

}  // namespace wsbridged::config
