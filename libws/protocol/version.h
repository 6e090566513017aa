// SPDX-License-Identifier: MIT
// The version that the library tells servers. It is the project's, in the top CMakeLists.txt.
#pragma once

#include <string_view>

namespace ws::protocol {

inline constexpr std::string_view kUserAgent = "libws/0.1.0";

}  // namespace ws::protocol
