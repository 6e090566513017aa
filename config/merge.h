// SPDX-License-Identifier: MIT
// Laying a bridge over the defaults: maps deeply, lists and values replaced, null takes a default
// away (SPEC: Configuration). Every node keeps its own place.
#pragma once

#include "config/document.h"

namespace wsbridged::config {

// `base` may be null. The names of headers are equal in any case (RFC 9110 section 5.1).
[[nodiscard]] const Node* merge(const Node* base, const Node& over, Document& document);

}  // namespace wsbridged::config
