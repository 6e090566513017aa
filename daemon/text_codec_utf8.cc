// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 has it, with the maximal subparts of Unicode 3.9 (table 3-7).
#include "daemon/text_codec.h"

namespace wsbridged {
namespace {

// What may follow a lead byte: how many bytes, and the range of the first of them, which is what
// keeps overlong forms, surrogates and code points above U+10FFFF out.
struct Continuation {
  std::size_t count = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Continuation continuation_of(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) {
    return {.count = 1};
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    return {.count = 2,
            .low = static_cast<unsigned char>(lead == 0xe0 ? 0xa0 : 0x80),
            .high = static_cast<unsigned char>(lead == 0xed ? 0x9f : 0xbf)};
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    return {.count = 3,
            .low = static_cast<unsigned char>(lead == 0xf0 ? 0x90 : 0x80),
            .high = static_cast<unsigned char>(lead == 0xf4 ? 0x8f : 0xbf)};
  }
  return {};
}

}  // namespace

Utf8Sequence first_utf8_sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) {
    return {.size = 1, .valid = true};
  }
  Continuation next = continuation_of(lead);
  if (next.count == 0) {
    return {.size = 1, .valid = false};
  }
  for (std::size_t i = 1; i <= next.count; ++i) {
    const auto byte = i < text.size() ? static_cast<unsigned char>(text[i]) : '\0';
    if (byte < next.low || byte > next.high) {
      return {.size = i, .valid = false};
    }
    next.low = 0x80;
    next.high = 0xbf;
  }
  return {.size = next.count + 1, .valid = true};
}

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  // One leading bit for each byte, and a 0; ASCII has the 0 alone.
  auto code =
      static_cast<char32_t>(character.size() == 1 ? lead : lead & 0x7fU >> character.size());
  for (const char byte : character.substr(1)) {
    code = code << 6U | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return code;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    repaired.append(sequence.valid ? text.substr(0, sequence.size) : "\xef\xbf\xbd");
    text.remove_prefix(sequence.size);
  }
  return repaired;
}

}  // namespace wsbridged
