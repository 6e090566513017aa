// SPDX-License-Identifier: MIT
// The status page: one self-contained HTML file, made into a source by the build.
#pragma once

#include <string_view>

namespace wsbridged {

extern const std::string_view kStatusPage;
// Lets the page's own style and script run and nothing else, by their hashes.
extern const std::string_view kStatusPagePolicy;

}  // namespace wsbridged
