// SPDX-License-Identifier: MIT
// Close codes of RFC 6455 section 7.4 and the IANA registry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ws/export.h>

namespace ws {

/// The codes that the registry names. 3000 to 4999 are free for libraries and applications.
enum CloseCode : std::uint16_t {
  kCloseNormal = 1000,           ///< the purpose of the connection is fulfilled
  kCloseGoingAway = 1001,        ///< the server stops, or the user has left
  kCloseProtocolError = 1002,    ///< the peer broke RFC 6455
  kCloseUnsupportedData = 1003,  ///< text where binary is wanted, or the reverse
  kCloseNoStatus = 1005,         ///< never on the wire: the Close frame had no code
  kCloseAbnormal = 1006,         ///< never on the wire: the connection ended without a Close frame
  kCloseInvalidPayload = 1007,   ///< text that is not UTF-8
  kClosePolicyViolation = 1008,  ///< refused for a reason without a code of its own
  kCloseMessageTooBig = 1009,    ///< longer than the receiver takes
  kCloseMandatoryExtension = 1010,  ///< the client needs an extension that was not agreed
  kCloseInternalError = 1011,       ///< the sender has failed
  kCloseServiceRestart = 1012,      ///< come back soon
  kCloseTryAgainLater = 1013,       ///< overloaded: come back later
  kCloseBadGateway = 1014,          ///< a gateway got a bad answer from its server
};

/// May a peer send this code in a Close frame (sections 7.4.1, 7.4.2): 1000 to 1003, 1007 to 1014,
/// 3000 to 4999.
WS_EXPORT [[nodiscard]] bool is_valid_close_code(std::uint16_t code);

/// A short name ("normal", "going away"), empty for codes without one.
WS_EXPORT [[nodiscard]] std::string_view close_code_name(std::uint16_t code);

/// How a closing handshake went.
struct CloseInfo {
  std::uint16_t code = kCloseNoStatus;  ///< what the peer sent, or what it answered
  std::string reason;                   ///< the peer's, valid UTF-8, at most 123 bytes
  bool by_peer = false;                 ///< the peer sent the first Close frame
};

}  // namespace ws
