// SPDX-License-Identifier: MIT
// Base64 (RFC 4648 section 4), as far as handshakes need it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ws::protocol {

[[nodiscard]] std::string encode_base64(std::span<const std::byte> bytes);

// Is this the only encoding of exactly 16 bytes? So must a Sec-WebSocket-Key be (RFC 6455 section
// 4.2.1).
[[nodiscard]] bool is_base64_of_16_bytes(std::string_view text);

}  // namespace ws::protocol
