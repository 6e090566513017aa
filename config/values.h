// SPDX-License-Identifier: MIT
// Scalars of the configuration as text: durations, sizes, whole numbers. Reading and writing are
// each other's reverse. Ranges and places are not known here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace wsbridged::config {

// Why a text is refused, as what follows the key: "must be …". Never holds the text itself.
struct Refusal {
  std::string reason;
  std::string suggestion;  // what was probably meant; empty: no idea
};

template <class T>
using Parsed = std::variant<T, Refusal>;

// 250ms, 10s, 5m, 1h: a whole number of one unit.
[[nodiscard]] Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

// 4096, 64KiB, 1MiB, 1GiB.
[[nodiscard]] Parsed<std::size_t> parse_size(std::string_view text);
[[nodiscard]] std::string format_size(std::size_t size);

// Digits only, below 2^32.
[[nodiscard]] Parsed<std::uint32_t> parse_number(std::string_view text);

// `true` or `false` and no other spelling.
[[nodiscard]] Parsed<bool> parse_bool(std::string_view text);

}  // namespace wsbridged::config
