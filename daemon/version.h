// SPDX-License-Identifier: MIT
// Which build this is. The values come from the build: see version.cmake.
#pragma once

#include <string_view>

namespace wsbridged {

extern const std::string_view kVersion;
// The commit, when it was built from a repository; else "unknown".
extern const std::string_view kRevision;

}  // namespace wsbridged
