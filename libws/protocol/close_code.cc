// SPDX-License-Identifier: MIT
// Which close codes exist, and what they are called.
#include <ws/close_code.h>

namespace ws {

bool is_valid_close_code(std::uint16_t code) {
  // 7.4.1: 1004 is reserved, 1005, 1006 and 1015 must not be set by an endpoint. 1012 to 1014 were
  // registered with IANA later. 7.4.2: 1016 to 2999 are for future versions and extensions.
  if (code >= 1000 && code <= 1014) {
    return code != 1004 && code != kCloseNoStatus && code != kCloseAbnormal;
  }
  return code >= 3000 && code <= 4999;
}

std::string_view close_code_name(std::uint16_t code) {
  switch (code) {
    case kCloseNormal:
      return "normal";
    case kCloseGoingAway:
      return "going away";
    case kCloseProtocolError:
      return "protocol error";
    case kCloseUnsupportedData:
      return "unsupported data";
    case kCloseNoStatus:
      return "no status";
    case kCloseAbnormal:
      return "abnormal";
    case kCloseInvalidPayload:
      return "invalid payload";
    case kClosePolicyViolation:
      return "policy violation";
    case kCloseMessageTooBig:
      return "message too big";
    case kCloseMandatoryExtension:
      return "mandatory extension";
    case kCloseInternalError:
      return "internal error";
    case kCloseServiceRestart:
      return "service restart";
    case kCloseTryAgainLater:
      return "try again later";
    case kCloseBadGateway:
      return "bad gateway";
    default:
      return {};
  }
}

}  // namespace ws
