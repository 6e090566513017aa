// SPDX-License-Identifier: MIT
// How many columns of a terminal a text takes: two for the wide characters of East Asia and
// pictures, none for marks on the character before. Pure, and without the C library's locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wsbridged {

// Of text as escape_control() leaves it.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// At most `width` columns, never within a character; "..." tells of the rest.
[[nodiscard]] std::string cut_to_columns(std::string_view text, std::size_t width);

}  // namespace wsbridged
