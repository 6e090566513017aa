// SPDX-License-Identifier: MIT
// The opening handshake of WebSocket (RFC 6455 section 4) at its smallest, for both sides.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

inline constexpr std::string_view kHeadEnd = "\r\n\r\n";

[[nodiscard]] std::string upgrade_request(std::uint16_t port);

// The response to a request that ends with kHeadEnd; empty when it asks for no WebSocket.
[[nodiscard]] std::string upgrade_response(std::string_view request);

[[nodiscard]] inline bool is_switching(std::string_view response) {
  return response.starts_with("HTTP/1.1 101");
}

}  // namespace bench
