// SPDX-License-Identifier: MIT
// The server's side of the opening handshake, as far as the demo's echo server and the tests need
// one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ws::protocol {

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 section 4.2.2, 5.4).
[[nodiscard]] std::string accept_key(std::string_view key);

struct ServerHandshakeResult {
  enum class Progress { kNeedMore, kOpen, kRefused } progress = Progress::kNeedMore;
  std::string response;      // to send, for kOpen and kRefused
  std::string subprotocol;   // the client's first choice, accepted
  std::size_t consumed = 0;  // bytes of the request; what follows are frames
};

// Judges what has been received so far (at most 16 KiB, then kRefused).
[[nodiscard]] ServerHandshakeResult answer_request(std::string_view received);

}  // namespace ws::protocol
