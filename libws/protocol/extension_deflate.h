// SPDX-License-Identifier: MIT
// permessage-deflate in the opening handshake (RFC 7692 section 7.1), the client's side: what is
// offered, and whether the server's answer is one to that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <ws/options.h>

#include "protocol/deflate.h"
#include "protocol/extension.h"

namespace ws::protocol {

// The rule that these options break, a literal; empty when they can be offered.
[[nodiscard]] std::string_view check_compression(const Compression& compression);

// The value of the request's Sec-WebSocket-Extensions, empty when compression is not enabled.
// client_max_window_bits is always offered, so that the server may choose, and nothing else that is
// the default: some servers take offense at parameters that they do not know.
[[nodiscard]] std::string deflate_offer(const Compression& compression);

// What a response with these extensions means: compression, none (nullopt), or the rule that it
// breaks, a literal. A server that ignores a wish for its own side (server_no_context_takeover,
// server_max_window_bits) breaks none: we can inflate whatever it sends.
using AcceptedDeflate = std::variant<std::optional<DeflateSettings>, std::string_view>;
[[nodiscard]] AcceptedDeflate judge_deflate_response(const std::vector<Extension>& extensions,
                                                     const Compression& offered);

}  // namespace ws::protocol
