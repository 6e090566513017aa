// SPDX-License-Identifier: MIT
// Optimal string alignment, in three rows.
#include "config/suggest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace wsbridged::config {
namespace {

// No key is longer; a longer word is no mistyped one and costs nothing.
constexpr std::size_t kMaxWord = 40;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string suggest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  // A third of the word may be wrong: "lisen" is listen, "x" is nothing.
  std::size_t limit = word.size() / 3 + (word.size() > 3 ? 1 : 0);
  if (word.size() > kMaxWord) {
    return "";
  }
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= limit && distance < candidate.size()) {
      nearest = candidate;
      limit = distance - 1;  // wraps at 0 only when nothing can be nearer
      if (distance == 0) {
        break;
      }
    }
  }
  return std::string(nearest);
}

}  // namespace wsbridged::config
