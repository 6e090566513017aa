// SPDX-License-Identifier: MIT
#include "protocol/cookie_date.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::size_t kMonthLength = 3;
constexpr int kEarliestYear = 1601;

bool is_delimiter(char c) {
  return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// The number at the front of `text`, taken from it, when it has this many digits.
std::optional<int> take_number(std::string_view& text, std::size_t min_digits,
                               std::size_t max_digits) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  if (count < min_digits || count > max_digits) {
    return std::nullopt;
  }
  int number = 0;
  for (const char digit : text.substr(0, count)) {
    number = number * 10 + (digit - '0');
  }
  text.remove_prefix(count);
  return number;
}

struct Parts {
  std::optional<std::chrono::seconds> time{};  // of the day
  std::optional<int> day{};
  std::optional<int> month{};
  std::optional<int> year{};
  bool is_valid = true;
};

// hms-time = time-field ":" time-field ":" time-field; what comes behind it is ignored.
bool take_time(Parts& parts, std::string_view token) {
  std::array<int, 3> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0 && !token.starts_with(':')) {
      return false;
    }
    token.remove_prefix(i > 0 ? 1 : 0);
    const auto number = take_number(token, 1, 2);
    if (!number) {
      return false;
    }
    fields[i] = *number;
  }
  parts.time = std::chrono::hours(fields[0]) + std::chrono::minutes(fields[1]) +
               std::chrono::seconds(fields[2]);
  parts.is_valid = parts.is_valid && fields[0] <= 23 && fields[1] <= 59 && fields[2] <= 59;
  return true;
}

bool take_day(Parts& parts, std::string_view token) {
  parts.day = take_number(token, 1, 2);
  return parts.day.has_value();
}

bool take_month(Parts& parts, std::string_view token) {
  const auto* month =
      std::find(kMonths.begin(), kMonths.end(), lower_case(token.substr(0, kMonthLength)));
  if (month == kMonths.end()) {
    return false;
  }
  parts.month = static_cast<int>(month - kMonths.begin()) + 1;
  return true;
}

void take_year(Parts& parts, std::string_view token) {
  parts.year = take_number(token, 2, 4);
  if (parts.year && *parts.year < 100) {
    *parts.year += *parts.year >= 70 ? 1900 : 2000;
  }
}

// A token is the first of these that it can be and that has not come yet.
void take_token(Parts& parts, std::string_view token) {
  if ((!parts.time && take_time(parts, token)) || (!parts.day && take_day(parts, token)) ||
      (!parts.month && take_month(parts, token)) || parts.year) {
    return;
  }
  take_year(parts, token);
}

}  // namespace

std::optional<std::int64_t> parse_cookie_date(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    const auto* const end = std::find_if(text.begin(), text.end(), is_delimiter);
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size > 0) {
      take_token(parts, text.substr(0, size));
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  if (!parts.time || !parts.day || !parts.month || !parts.year || !parts.is_valid ||
      *parts.year < kEarliestYear) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*parts.year),
                                         std::chrono::month(static_cast<unsigned>(*parts.month)),
                                         std::chrono::day(static_cast<unsigned>(*parts.day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return (std::chrono::sys_days(date).time_since_epoch() + *parts.time).count();
}

}  // namespace ws::protocol
