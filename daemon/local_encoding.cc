// SPDX-License-Identifier: MIT
#include "daemon/local_encoding.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>

#include "daemon/text_codec.h"

namespace wsbridged {
namespace {

using config::Encoding;

// Bytes 80 to 9f of windows-1252 (WHATWG Encoding Standard, index windows-1252).
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};
constexpr unsigned char kFirstOfTable = 0x80;
constexpr std::uint64_t kHighBits = 0x8080808080808080U;

char32_t character_of(Encoding encoding, unsigned char byte) {
  const std::size_t index = byte - std::size_t{kFirstOfTable};
  return encoding == Encoding::kWindows1252 && index < kWindows1252.size() ? kWindows1252[index]
                                                                           : char32_t{byte};
}

// The byte of a character above ASCII, or 0 for one that has none.
unsigned char byte_of(Encoding encoding, char32_t character) {
  const bool is_in_table =
      encoding == Encoding::kWindows1252 && (character < 0xa0 || character > 0xff);
  if (!is_in_table) {
    return character <= 0xff ? static_cast<unsigned char>(character) : 0;
  }
  const auto* const found = std::find(kWindows1252.begin(), kWindows1252.end(), character);
  return found == kWindows1252.end()
             ? 0
             : static_cast<unsigned char>(kFirstOfTable + (found - kWindows1252.begin()));
}

// Every character of these encodings is below U+10000.
void append_character(char32_t character, std::string& text) {
  const auto low = static_cast<char>(0x80U | (character & 0x3fU));
  if (character < 0x800) {
    text += static_cast<char>(0xc0U | character >> 6U);
  } else {
    text += static_cast<char>(0xe0U | character >> 12U);
    text += static_cast<char>(0x80U | (character >> 6U & 0x3fU));
  }
  text += low;
}

}  // namespace

std::size_t ascii_prefix(std::string_view text) {
  std::size_t size = 0;
  for (std::uint64_t word = 0; size + sizeof word <= text.size(); size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    if ((word & kHighBits) != 0) {
      break;
    }
  }
  while (size < text.size() && static_cast<unsigned char>(text[size]) < 0x80) {
    ++size;
  }
  return size;
}

std::string to_utf8(Encoding encoding, std::string_view local) {
  assert(encoding != Encoding::kUtf8);
  std::string text;
  text.reserve(local.size() + local.size() / 4);
  while (!local.empty()) {
    const std::size_t clean = ascii_prefix(local);
    text.append(local.substr(0, clean));
    local.remove_prefix(clean);
    if (!local.empty()) {
      append_character(character_of(encoding, static_cast<unsigned char>(local.front())), text);
      local.remove_prefix(1);
    }
  }
  return text;
}

LocalText from_utf8(Encoding encoding, std::string_view text) {
  LocalText local;
  if (encoding == Encoding::kUtf8) {
    local.bytes = text;
    return local;
  }
  local.bytes.reserve(text.size());
  while (!text.empty()) {
    const std::size_t clean = ascii_prefix(text);
    local.bytes.append(text.substr(0, clean));
    text.remove_prefix(clean);
    if (text.empty()) {
      break;
    }
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const unsigned char byte =
        sequence.valid ? byte_of(encoding, code_point(text.substr(0, sequence.size))) : 0;
    local.bytes += byte != 0 ? static_cast<char>(byte) : '?';
    local.replaced_count += byte == 0 ? 1 : 0;
    text.remove_prefix(sequence.size);
  }
  return local;
}

}  // namespace wsbridged
