// SPDX-License-Identifier: MIT
// What is legal and unwise about a bridge's files: who else may read or change them, certificates
// that end soon, cookies that go nowhere. Nothing is dialled; no value and no path is in a message,
// as its place tells the key.
#pragma once

#include <cstdint>
#include <vector>

#include "config/loader.h"

namespace wsbridged {

// A certificate that is valid no longer than this is told.
inline constexpr std::int64_t kCertificateWarning = std::int64_t{14} * 24 * 60 * 60;  // seconds

// Of a bridge that has no error; all are Misfit::Kind::kWarning.
[[nodiscard]] std::vector<config::Misfit> bridge_warnings(const config::Bridge& bridge,
                                                          std::int64_t unix_now);

}  // namespace wsbridged
