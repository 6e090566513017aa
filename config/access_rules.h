// SPDX-License-Identifier: MIT
// What a bridge asks of its peers and no listener of it can tell: a uid over TCP, an address over
// a Unix socket. Such a rule or template could never hold.
#pragma once

#include "config/rules.h"

namespace wsbridged::config {

// access, and proxy_protocol of each listener.
void check_access(const BoundBridge& bound, Problems& problems);

// Templates in url, headers, cookie_jar and on_open.
void check_templates(const BoundBridge& bound, Problems& problems);

}  // namespace wsbridged::config
