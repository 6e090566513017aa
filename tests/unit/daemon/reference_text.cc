// SPDX-License-Identifier: MIT
#include "unit/daemon/reference_text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace wsbridged::reference {
namespace {

using config::Encoding;
using std::string;
using std::string_view;

constexpr std::size_t kNowhere = string::npos;

bool is_character(string_view bytes) {
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  constexpr unsigned kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  const std::size_t size = bytes.size();
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (size == 1) {
    return first < 0x80;
  }
  if (first < kLead[size] || first >= kLead[size] + (1U << (7 - size))) {
    return false;
  }
  std::uint32_t value = first - kLead[size];
  for (const char next : bytes.substr(1)) {
    if ((next & 0xc0) != 0x80) {
      return false;
    }
    value = value * 64 + (static_cast<unsigned char>(next) - 0x80U);
  }
  return value >= kSmallest[size] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

std::size_t character_size(string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_character(text.substr(0, size))) {
      return size;
    }
  }
  return 0;
}

// Can more bytes make a character of these?
bool may_begin_character(string_view bytes) {
  for (std::size_t size = bytes.size() + 1; size <= 4; ++size) {
    for (const char fill : {'\x80', '\xbf'}) {
      if (is_character(string(bytes) + string(size - bytes.size(), fill))) {
        return true;
      }
    }
  }
  return false;
}

// The characters of bytes 80 to ff.
std::vector<string> upper_half(Encoding encoding) {
  std::vector<string> characters;
  for (int byte = 0x80; byte < 0x100; ++byte) {
    characters.push_back({static_cast<char>(byte < 0xc0 ? 0xc2 : 0xc3),
                          static_cast<char>(byte < 0xc0 ? byte : byte - 0x40)});
  }
  if (encoding == Encoding::kWindows1252) {
    const char* const own[] = {"€", "",  "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š",
                               "‹", "Œ", "",  "Ž", "",  "",  "‘", "’", "“", "”", "•",
                               "–", "—", "˜", "™", "š", "›", "œ", "",  "ž", "Ÿ"};
    for (std::size_t i = 0; i < 32; ++i) {
      characters[i] = *own[i] == '\0' ? characters[i] : own[i];
    }
  }
  return characters;
}

int digit(char character) {
  const string_view digits = "0123456789abcdef0123456789ABCDEF";
  const std::size_t found = digits.find(character);
  return found == kNowhere ? -1 : static_cast<int>(found % 16);
}

}  // namespace

bool is_utf8(string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

string repaired(string_view text) {
  string out;
  while (!text.empty()) {
    std::size_t size = character_size(text);
    if (size > 0) {
      out += text.substr(0, size);
    } else {
      size = 1;
      while (size < text.size() && may_begin_character(text.substr(0, size + 1))) {
        ++size;
      }
      out += "\uFFFD";
    }
    text.remove_prefix(size);
  }
  return out;
}

string decoded(Encoding encoding, string_view local) {
  const std::vector<string> characters = upper_half(encoding);
  string text;
  for (const char byte : local) {
    const auto number = static_cast<unsigned char>(byte);
    text += number < 0x80 ? string(1, byte) : characters[number - 0x80U];
  }
  return text;
}

string encoded(Encoding encoding, string_view text, bool& is_altered) {
  const std::vector<string> characters = upper_half(encoding);
  string local;
  while (!text.empty()) {
    const string_view character = text.substr(0, character_size(text));
    const auto found = std::find(characters.begin(), characters.end(), character);
    if (character.size() == 1) {
      local += character;
    } else if (found != characters.end()) {
      local += static_cast<char>(0x80 + (found - characters.begin()));
    } else {
      local += '?';
      is_altered = true;
    }
    text.remove_prefix(character.size());
  }
  return local;
}

string unescaped(const string& line) {
  string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const string next = line.substr(i + 1, 3);
    const std::size_t known =
        line[i] == '\\' && !next.empty() ? string("\\nr").find(next[0]) : kNowhere;
    if (known != kNowhere) {
      out += "\\\n\r"[known];
      i += 1;
    } else if (line[i] == '\\' && next.size() == 3 && next[0] == 'x' && digit(next[1]) >= 0 &&
               digit(next[2]) >= 0) {
      out += static_cast<char>(digit(next[1]) * 16 + digit(next[2]));
      i += 3;
    } else {
      out += line[i];
    }
  }
  return out;
}

string hex(string_view bytes, string_view digits) {
  string out;
  for (const char byte : bytes) {
    out += digits[static_cast<unsigned char>(byte) / 16];
    out += digits[static_cast<unsigned char>(byte) % 16];
  }
  return out;
}

std::optional<string> escaped(string_view message, const string& delimiter) {
  const bool is_usable = string("\\x0123456789").find(delimiter[0]) == kNowhere;
  const bool is_lower_digit = delimiter[0] >= 'a' && delimiter[0] <= 'f';
  string out;
  for (const char byte : message) {
    const bool is_special = string("\\\n\r").find(byte) != kNowhere;
    if (!is_special && delimiter.find(byte) == kNowhere) {
      out += byte;
      continue;
    }
    if (!is_usable) {
      return std::nullopt;
    }
    const char letter = byte == '\n' ? 'n' : (byte == '\r' ? 'r' : '\\');
    if (is_special && letter != delimiter[0]) {
      out += {'\\', letter};
    } else {
      out += "\\x" + hex({&byte, 1}, is_lower_digit ? "0123456789ABCDEF" : "0123456789abcdef");
    }
  }
  return out;
}

string base64(string_view bytes) {
  const string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  string bits;
  for (const char byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      bits += static_cast<char>('0' + (static_cast<unsigned char>(byte) >> bit & 1));
    }
  }
  string out;
  for (; !bits.empty(); bits.erase(0, 6)) {
    bits.resize(std::max<std::size_t>(bits.size(), 6), '0');
    out += alphabet[std::stoul(bits.substr(0, 6), nullptr, 2)];
  }
  return out + string((4 - out.size() % 4) % 4, '=');
}

}  // namespace wsbridged::reference
