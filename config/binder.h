// SPDX-License-Identifier: MIT
// From the tree of a document to Config: the way that files and flags share.
#pragma once

#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// `root` was expanded; its errors so far are in `problems` and come out with those found here.
[[nodiscard]] Loaded bind_config(const Node& root, Document& document, Problems& problems,
                                 const BridgeCheck& check);

// One bridge: `own` as written, `merged` with the defaults under it, both expanded.
[[nodiscard]] Bridge bind_bridge(const Node& own, const Node& merged, Problems& problems);

}  // namespace wsbridged::config
