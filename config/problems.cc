// SPDX-License-Identifier: MIT
// Collecting problems: once each, in the order of the file, bounded.
#include "config/problems.h"

#include <algorithm>
#include <utility>

#include "config/ascii.h"

namespace wsbridged::config {
namespace {

constexpr std::size_t kMaxShown = 80;

Problem make_problem(const Place& place, std::string message) {
  return {place.source != nullptr ? *place.source : std::string(), place.line, place.column,
          std::move(message)};
}

// Of valid text no character is taken apart.
std::size_t shown_size(std::string_view text) {
  std::size_t size = std::min(text.size(), kMaxShown);
  while (size > 0 && size < text.size() &&
         (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) {
    --size;
  }
  return size;
}

bool comes_before(const Problem& a, const Problem& b) {
  return std::tie(a.line, a.column) < std::tie(b.line, b.column);
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.source;
  if (problem.line > 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  return text + ": " + problem.message;
}

void Problems::error(const Place& place, std::string message) {
  if (is_full()) {
    has_more_ = true;
    return;
  }
  if (is_new(place, message)) {
    errors_.push_back(make_problem(place, std::move(message)));
  }
}

void Problems::warning(const Place& place, std::string message) {
  if (warnings_.size() < kMaxErrors && is_new(place, message)) {
    warnings_.push_back(make_problem(place, std::move(message)));
  }
}

bool Problems::is_new(const Place& place, const std::string& message) {
  const std::string& source = place.source != nullptr ? *place.source : message;
  return seen_.emplace(source, place.line, place.column, message).second;
}

std::vector<Problem> Problems::take_errors() {
  std::stable_sort(errors_.begin(), errors_.end(), comes_before);
  if (has_more_) {
    errors_.push_back(
        {errors_.back().source, 0, 0,
         "there are more errors; the first " + std::to_string(kMaxErrors) + " found are shown"});
  }
  return std::exchange(errors_, {});
}

std::vector<Problem> Problems::take_warnings() {
  std::stable_sort(warnings_.begin(), warnings_.end(), comes_before);
  return std::exchange(warnings_, {});
}

std::string escaped_byte(char c) {
  constexpr std::string_view hex_digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("\\x") + hex_digits[byte >> 4U] + hex_digits[byte & 15U];
}

std::string shown(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, shown_size(text))) {
    if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      out += escaped_byte(c);
    } else {
      out += c;
    }
  }
  return out + (text.size() > kMaxShown ? "...'" : "'");
}

}  // namespace wsbridged::config
