// SPDX-License-Identifier: MIT
// A number that systemd hands over in a variable of the environment.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

namespace wsbridged {

// Nothing when it is absent or anything but decimal digits.
[[nodiscard]] inline std::optional<std::uint64_t> parse_number(
    const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (!text) {
    return std::nullopt;
  }
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace wsbridged
