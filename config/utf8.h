// SPDX-License-Identifier: MIT
// Is text UTF-8 (RFC 3629)? For configuration text, where speed does not matter.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace wsbridged::config {

// Offset of the first byte that does not begin or continue a valid sequence.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace wsbridged::config
