// SPDX-License-Identifier: MIT
// From the tree of a document to Config: the way that files and flags share.
#pragma once

#include <functional>

#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// What a bridge is read again from. Asked before its check, which may keep the bridge, and only
// while there is no error.
using SourceOf = std::function<SharedSource(const Node& own, const Node& merged)>;

// `root` was expanded; its errors so far are in `problems` and come out with those found here.
[[nodiscard]] Loaded bind_config(const Node& root, Document& document, Problems& problems,
                                 const SourceOf& source_of, const BridgeCheck& check);

// One bridge: `own` as written, `merged` with the defaults under it, both expanded.
[[nodiscard]] Bridge bind_bridge(const Node& own, const Node& merged, Problems& problems);

}  // namespace wsbridged::config
