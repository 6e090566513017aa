// SPDX-License-Identifier: MIT
// ${env:NAME}, ${file:PATH} and ${credential:NAME} in the scalars of a document (SPEC:
// Configuration). What they stand for is taken once and never scanned again; `$${` is a literal
// `${`.
#pragma once

#include "config/document.h"
#include "config/loader.h"
#include "config/problems.h"

namespace wsbridged::config {

inline constexpr std::size_t kMaxExpandedFile = std::size_t{64} << 10;  // bytes of one ${file:…}
inline constexpr std::size_t kMaxExpandedTotal = std::size_t{4} << 20;  // of all together

// Expands every scalar of the document in place. One that cannot be is reported and marked
// unusable; the messages hold the reference as it was written, never what it stands for.
void expand_scalars(Document& document, const Environment& environment, Problems& problems);

}  // namespace wsbridged::config
