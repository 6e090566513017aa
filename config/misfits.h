// SPDX-License-Identifier: MIT
// What a bridge that reads well does not fit in the world outside of its file, told at its place.
#pragma once

#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// `merged` is the node that `bridge` was read from.
void check_fit(const Node& merged, const Bridge& bridge, const BridgeCheck& check,
               Problems& problems);

}  // namespace wsbridged::config
