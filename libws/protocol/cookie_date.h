// SPDX-License-Identifier: MIT
// Dates of cookies, in every form that servers have come to write them in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ws::protocol {

// Unix time, by the algorithm of RFC 6265 section 5.1.1; nullopt when the text is no date.
[[nodiscard]] std::optional<std::int64_t> parse_cookie_date(std::string_view text);

}  // namespace ws::protocol
