// SPDX-License-Identifier: MIT
// framing.encoding: text of the local side in an encoding of single bytes, to UTF-8 and back. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace wsbridged {

// In iso-8859-1 each byte is the character of that number, C1 controls included. windows-1252 is
// that of the WHATWG Encoding Standard: bytes 80 to 9f are its 27 characters, and the five that it
// leaves undefined (81, 8d, 8f, 90, 9d) the C1 controls of their number. So every byte is a
// character of its own: what came out of to_utf8() becomes the same bytes again.

// The size of the front of `text` that is ASCII, and so the same in all of them and in UTF-8.
[[nodiscard]] std::size_t ascii_prefix(std::string_view text);

// At most three times as long. `encoding` is not utf-8.
[[nodiscard]] std::string to_utf8(config::Encoding encoding, std::string_view local);

struct LocalText {
  std::string bytes;               // never longer than the text
  std::size_t replaced_count = 0;  // characters that the encoding lacks, each written as one '?'
};

// `text` is UTF-8; a sequence that is not becomes one '?' too. In utf-8 nothing is changed.
[[nodiscard]] LocalText from_utf8(config::Encoding encoding, std::string_view text);

}  // namespace wsbridged
