// SPDX-License-Identifier: MIT
// Close codes of RFC 6455 section 7.4 and the IANA registry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ws {

enum CloseCode : std::uint16_t {
  kCloseNormal = 1000,
  kCloseGoingAway = 1001,
  kCloseProtocolError = 1002,
  kCloseUnsupportedData = 1003,
  kCloseNoStatus = 1005,  // never on the wire: the Close frame had no code
  kCloseAbnormal = 1006,  // never on the wire: the connection ended without a Close frame
  kCloseInvalidPayload = 1007,
  kClosePolicyViolation = 1008,
  kCloseMessageTooBig = 1009,
  kCloseMandatoryExtension = 1010,
  kCloseInternalError = 1011,
  kCloseServiceRestart = 1012,
  kCloseTryAgainLater = 1013,
  kCloseBadGateway = 1014,
};

// May a peer send this code in a Close frame (sections 7.4.1, 7.4.2): 1000 to 1003, 1007 to 1014,
// 3000 to 4999.
[[nodiscard]] bool is_valid_close_code(std::uint16_t code);

// A short name ("normal", "going away"), empty for codes without one.
[[nodiscard]] std::string_view close_code_name(std::uint16_t code);

// How a closing handshake went.
struct CloseInfo {
  std::uint16_t code = kCloseNoStatus;  // what the peer sent, or what it answered
  std::string reason;                   // the peer's, valid UTF-8, at most 123 bytes
  bool by_peer = false;                 // the peer sent the first Close frame
};

}  // namespace ws
