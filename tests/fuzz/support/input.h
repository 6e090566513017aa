// SPDX-License-Identifier: MIT
// The bytes that a fuzzer made up, as choices and texts: choices are taken off the front, so that a
// seed is a few bytes and then what a peer would send.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace fuzz {

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  // 0 behind the end.
  unsigned byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? 0 : static_cast<unsigned char>(taken.front());
  }

  // 0 to `limit` - 1; `limit` is at most 256.
  std::size_t below(std::size_t limit) { return byte() % limit; }

  bool flag() { return below(2) == 1; }

  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }

  // As many as there are.
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // A text with its length before it.
  std::string_view text() { return take(byte()); }

  // Up to `end`, which is dropped.
  std::string_view line(char end = '\n') {
    const std::string_view taken = take(std::min(rest_.find(end), rest_.size()));
    (void)take(1);
    return taken;
  }

  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view rest_;
};

}  // namespace fuzz
