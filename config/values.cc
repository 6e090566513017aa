// SPDX-License-Identifier: MIT
// Numbers with units, by one table per kind.
#include "config/values.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "config/ascii.h"

namespace wsbridged::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: writing takes the first that divides.
constexpr std::array kDurationUnits = {Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                       Unit{"ms", 1}};
constexpr std::array kSizeUnits = {Unit{"GiB", std::uint64_t{1} << 30U},
                                   Unit{"MiB", std::uint64_t{1} << 20U},
                                   Unit{"KiB", std::uint64_t{1} << 10U}, Unit{"", 1}};

constexpr std::string_view kDuration = "must be a duration such as 250ms, 10s, 5m or 1h";
constexpr std::string_view kSize = "must be a size in bytes such as 4096, 64KiB or 1MiB";
constexpr std::string_view kNumber = "must be a whole number";
constexpr std::string_view kBool = "must be true or false";

// Enough for 1 GiB in bytes; with the largest factor still below 64 bits.
constexpr std::size_t kMaxDigits = 10;

struct Quantity {
  std::uint64_t number = 0;
  std::string_view digits;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  Quantity quantity;
  quantity.digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  quantity.unit = text.substr(quantity.digits.size());
  if (quantity.digits.empty() || quantity.digits.size() > kMaxDigits) {
    return std::nullopt;
  }
  quantity.number = std::stoull(std::string(quantity.digits));
  return quantity;
}

std::optional<std::uint64_t> in_units(const Quantity& quantity, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (unit.name == quantity.unit) {
      return quantity.number * unit.factor;
    }
  }
  return std::nullopt;
}

std::string format(std::uint64_t amount, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (amount % unit.factor == 0 && amount >= unit.factor) {
      return std::to_string(amount / unit.factor).append(unit.name);
    }
  }
  return "0";
}

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return out;
}

struct Spelling {
  std::string_view wrong;
  std::string_view right;
};

// What is often written instead, folded; empty when nothing is known.
std::string correct(const std::optional<Quantity>& quantity, std::span<const Spelling> spellings) {
  if (quantity) {
    for (const Spelling& spelling : spellings) {
      if (spelling.wrong == folded(quantity->unit)) {
        return std::string(quantity->digits).append(spelling.right);
      }
    }
  }
  return "";
}

constexpr std::array kDurationSpellings = {
    Spelling{"", "s"},    Spelling{"s", "s"},     Spelling{"sec", "s"}, Spelling{"secs", "s"},
    Spelling{"ms", "ms"}, Spelling{"msec", "ms"}, Spelling{"m", "m"},   Spelling{"min", "m"},
    Spelling{"h", "h"},   Spelling{"hr", "h"}};
constexpr std::array kSizeSpellings = {
    Spelling{"b", ""},     Spelling{"k", "KiB"},  Spelling{"kb", "KiB"},  Spelling{"kib", "KiB"},
    Spelling{"m", "MiB"},  Spelling{"mb", "MiB"}, Spelling{"mib", "MiB"}, Spelling{"g", "GiB"},
    Spelling{"gb", "GiB"}, Spelling{"gib", "GiB"}};
constexpr std::array kBoolSpellings = {Spelling{"true", "true"}, Spelling{"yes", "true"},
                                       Spelling{"on", "true"},   Spelling{"y", "true"},
                                       Spelling{"1", "true"},    Spelling{"false", "false"},
                                       Spelling{"no", "false"},  Spelling{"off", "false"},
                                       Spelling{"n", "false"},   Spelling{"0", "false"}};

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto quantity = split(text);
  if (quantity) {
    if (const auto amount = in_units(*quantity, kDurationUnits)) {
      return std::chrono::milliseconds(*amount);
    }
  }
  return Refusal{std::string(kDuration), correct(quantity, kDurationSpellings)};
}

std::string format_duration(std::chrono::milliseconds duration) {
  return duration.count() == 0
             ? "0s"
             : format(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

Parsed<std::size_t> parse_size(std::string_view text) {
  const auto quantity = split(text);
  if (quantity) {
    if (const auto amount = in_units(*quantity, kSizeUnits)) {
      return static_cast<std::size_t>(*amount);
    }
  }
  return Refusal{std::string(kSize), correct(quantity, kSizeSpellings)};
}

std::string format_size(std::size_t size) {
  return format(size, kSizeUnits);
}

Parsed<std::uint32_t> parse_number(std::string_view text) {
  const auto quantity = split(text);
  if (quantity && quantity->unit.empty() &&
      quantity->number <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(quantity->number);
  }
  return Refusal{std::string(kNumber), ""};
}

Parsed<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "false") {
    return text == "true";
  }
  const std::string word = folded(text);
  for (const Spelling& spelling : kBoolSpellings) {
    if (spelling.wrong == word) {
      return Refusal{std::string(kBool), std::string(spelling.right)};
    }
  }
  return Refusal{std::string(kBool), ""};
}

}  // namespace wsbridged::config
