// SPDX-License-Identifier: MIT
// Did you mean …? The known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wsbridged::config {

// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other
// (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known` when it is near enough to be meant; empty otherwise.
[[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace wsbridged::config
