// SPDX-License-Identifier: MIT
// The byte-for-byte codings of lines: base64 and hex for binary messages, the backslash escapes of
// embedded_delimiter: escape, and the repair of invalid UTF-8. Pure; policies live in LineWriter
// and LineFramer.
#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace wsbridged {

// Base64 with padding, standard alphabet, no line breaks (RFC 4648 section 4). Pieces of a longer
// text join without a seam when all but the last have a multiple of 3 bytes.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t size) {
  return (size + 2) / 3 * 4;
}

// `out` has room for base64_size(bytes.size()).
void encode_base64(std::string_view bytes, std::span<std::byte> out);

// Lower-case hex, two digits a byte (RFC 4648 section 8). `out` has room for twice bytes.size().
void encode_hex(std::string_view bytes, std::span<std::byte> out);

// Escapes a message so that its line cannot hold the delimiter: "\" becomes "\\", newline "\n",
// carriage return "\r", and every other byte of the delimiter "\xHH". Where the delimiter begins
// with 'n' or 'r' that byte is written as "\xHH" too, where it begins with 'a' to 'f' the digits
// are upper case; so its first byte never stands in an escaped line, and the first delimiter behind
// a line is the one that ends it.
class LineEscaper {
 public:
  // The longest escape of one byte.
  static constexpr std::size_t kMaxEscape = 4;

  // `delimiter` has 1 to 16 bytes.
  explicit LineEscaper(std::string_view delimiter);

  // False when the delimiter begins with a backslash, 'x' or a digit: each is part of the one
  // escape that would have to replace it. escape() must then not be used.
  [[nodiscard]] bool is_usable() const { return is_usable_; }

  // How many bytes at the front of `text` stay as they are.
  [[nodiscard]] std::size_t clean_prefix(std::string_view text) const;

  // Writes `text` escaped and returns the size; `out` has room for kMaxEscape times text.size().
  [[nodiscard]] std::size_t escape(std::string_view text, std::span<std::byte> out) const;

 private:
  [[nodiscard]] std::size_t escape_byte(unsigned char byte, std::byte* out) const;

  std::bitset<256> escaped_;
  unsigned char first_;
  bool is_usable_;
};

// Undoes LineEscaper: "\\", "\n", "\r" and "\xHH" (digits of either case). A backslash before
// anything else, or at the end, stays as it is.
[[nodiscard]] std::string unescape_line(std::string_view line);

// Every maximal subpart of an ill-formed sequence replaced by U+FFFD (Unicode 3.9, as the WHATWG
// decoder does). The result is at most three times as long.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view text);

// The first character of `text`, which must not be empty: its size when well-formed, else the size
// of the maximal subpart that is not.
struct Utf8Sequence {
  std::size_t size = 1;
  bool valid = false;
};

[[nodiscard]] Utf8Sequence first_utf8_sequence(std::string_view text);

// Of a well-formed character.
[[nodiscard]] char32_t code_point(std::string_view character);

}  // namespace wsbridged
