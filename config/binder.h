// SPDX-License-Identifier: MIT
// From the tree of a document to Config: the way that files and flags share.
#pragma once

#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// `root` was expanded; its errors so far are in `problems` and come out with those found here.
[[nodiscard]] Loaded bind_config(const Node& root, Document& document, Problems& problems,
                                 const BridgeCheck& check);

}  // namespace wsbridged::config
