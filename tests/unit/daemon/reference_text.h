// SPDX-License-Identifier: MIT
// UTF-8, encodings and escapes a second time, as simply as possible, for reference_framing.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace wsbridged::reference {

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] std::string repaired(std::string_view text);  // with U+FFFD
[[nodiscard]] std::string decoded(config::Encoding encoding, std::string_view local);
// With '?' for what the encoding lacks.
[[nodiscard]] std::string encoded(config::Encoding encoding, std::string_view text,
                                  bool& is_altered);
[[nodiscard]] std::string unescaped(const std::string& line);
// nullopt: needs an escape, and the delimiter begins with what escapes are made of.
[[nodiscard]] std::optional<std::string> escaped(std::string_view message,
                                                 const std::string& delimiter);
[[nodiscard]] std::string hex(std::string_view bytes, std::string_view digits);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace wsbridged::reference
