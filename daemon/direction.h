// SPDX-License-Identifier: MIT
// The two ways through a session: up to the upstream, down to the local program.
#pragma once

#include <cstdint>

namespace wsbridged {

enum class Direction : std::uint8_t { kUp, kDown };

}  // namespace wsbridged
