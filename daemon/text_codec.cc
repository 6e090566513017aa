// SPDX-License-Identifier: MIT
// Base64, hex and backslash escapes.
#include "daemon/text_codec.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace wsbridged {
namespace {

constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kLowerDigits = "0123456789abcdef";
constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

std::byte to_byte(char character) {
  return static_cast<std::byte>(character);
}

std::uint32_t octet(std::string_view bytes, std::size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
}

// The value of a hex digit, or -1.
int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct Unescaped {
  std::size_t size;  // of the escape in the line
  char byte;
};

// What the backslash at the front of `text` stands for.
Unescaped unescape_one(std::string_view text) {
  const char kind = text.size() > 1 ? text[1] : '\0';
  switch (kind) {
    case '\\':
      return {2, '\\'};
    case 'n':
      return {2, '\n'};
    case 'r':
      return {2, '\r'};
    case 'x':
      if (text.size() > 3 && digit_value(text[2]) >= 0 && digit_value(text[3]) >= 0) {
        return {4, static_cast<char>(digit_value(text[2]) * 16 + digit_value(text[3]))};
      }
      break;
    default:
      break;
  }
  return {1, '\\'};
}

}  // namespace

void encode_base64(std::string_view bytes, std::span<std::byte> out) {
  assert(out.size() >= base64_size(bytes.size()));
  std::byte* to = out.data();
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group =
        octet(bytes, i) << 16U | octet(bytes, i + 1) << 8U | octet(bytes, i + 2);
    const std::size_t left = bytes.size() - i;
    *to++ = to_byte(kBase64Alphabet[group >> 18U]);
    *to++ = to_byte(kBase64Alphabet[group >> 12U & 63U]);
    *to++ = to_byte(left > 1 ? kBase64Alphabet[group >> 6U & 63U] : '=');
    *to++ = to_byte(left > 2 ? kBase64Alphabet[group & 63U] : '=');
  }
}

void encode_hex(std::string_view bytes, std::span<std::byte> out) {
  assert(out.size() >= 2 * bytes.size());
  std::byte* to = out.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    *to++ = to_byte(kLowerDigits[octet(bytes, i) >> 4U]);
    *to++ = to_byte(kLowerDigits[octet(bytes, i) & 15U]);
  }
}

LineEscaper::LineEscaper(std::string_view delimiter)
    : first_(static_cast<unsigned char>(delimiter.front())),
      is_usable_(first_ != '\\' && first_ != 'x' && !(first_ >= '0' && first_ <= '9')) {
  for (const char byte : delimiter) {
    escaped_.set(static_cast<unsigned char>(byte));
  }
  for (const unsigned char byte : {'\\', '\n', '\r'}) {
    escaped_.set(byte);
  }
}

std::size_t LineEscaper::clean_prefix(std::string_view text) const {
  std::size_t size = 0;
  while (size < text.size() && !escaped_[static_cast<unsigned char>(text[size])]) {
    ++size;
  }
  return size;
}

std::size_t LineEscaper::escape(std::string_view text, std::span<std::byte> out) const {
  assert(is_usable_ && out.size() >= kMaxEscape * text.size());
  std::size_t size = 0;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (escaped_[byte]) {
      size += escape_byte(byte, &out[size]);
    } else {
      out[size++] = std::byte{byte};
    }
  }
  return size;
}

std::size_t LineEscaper::escape_byte(unsigned char byte, std::byte* out) const {
  out[0] = to_byte('\\');
  if (byte == '\\') {
    out[1] = out[0];
    return 2;
  }
  if ((byte == '\n' && first_ != 'n') || (byte == '\r' && first_ != 'r')) {
    out[1] = to_byte(byte == '\n' ? 'n' : 'r');
    return 2;
  }
  const std::string_view digits = first_ >= 'a' && first_ <= 'f' ? kUpperDigits : kLowerDigits;
  out[1] = to_byte('x');
  out[2] = to_byte(digits[byte >> 4U]);
  out[3] = to_byte(digits[byte & 15U]);
  return kMaxEscape;
}

std::string unescape_line(std::string_view line) {
  std::string text;
  text.reserve(line.size());
  while (!line.empty()) {
    const std::size_t clean = std::min(line.find('\\'), line.size());
    text.append(line.substr(0, clean));
    line.remove_prefix(clean);
    if (!line.empty()) {
      const Unescaped unescaped = unescape_one(line);
      text.push_back(unescaped.byte);
      line.remove_prefix(unescaped.size);
    }
  }
  return text;
}

}  // namespace wsbridged
