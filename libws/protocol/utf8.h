// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ws::protocol {

// Validates text that comes in pieces. Fails with the piece that holds the first byte which no
// continuation could make valid, so bad text is known before its message ends (RFC 6455 section
// 8.1).
class Utf8Validator {
 public:
  // False once a byte cannot be part of valid UTF-8, and for ever after until reset().
  bool feed(std::span<const std::byte> bytes);

  // Does the text so far end between two characters?
  [[nodiscard]] bool is_complete() const { return state_ == kStart; }

  void reset() { state_ = kStart; }

 private:
  static constexpr std::uint8_t kStart = 6;

  std::uint8_t state_ = kStart;  // of the automaton in utf8.cc
};

[[nodiscard]] bool is_valid_utf8(std::span<const std::byte> bytes);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// The longest prefix of at most `size` bytes that is valid UTF-8: never a part of a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t size);

}  // namespace ws::protocol
