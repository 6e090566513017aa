// SPDX-License-Identifier: MIT
#include "daemon/end_reason.h"

#include <array>

namespace wsbridged {
namespace {

// Part of the interface: programs may compare them (docs/access.md).
constexpr std::array<std::string_view, kEndReasonCount> kWordings = {
    "failed",
    "upstream name not found",
    "upstream not reachable",
    "proxy gives no connection",
    "upstream TLS failed",
    "upstream refused the connection",
    "upstream is no WebSocket server",
    "upstream timed out",
    "upstream connection lost",
    "upstream does not answer",
    "upstream closed with an error",
    "upstream broke the protocol",
    "line too long",
    "upstream message too long",
    "line is not valid UTF-8",
    "upstream sent a binary message",
    "upstream message holds the delimiter",
    "connection lacks what the configuration needs of it",
};

constexpr std::string_view kPlace = "{reason}";

}  // namespace

std::string_view to_string(EndReason reason) {
  return kWordings[static_cast<std::size_t>(reason)];
}

EndReason reason_of(const ws::Error& error) {
  switch (error.code) {
    case ws::ErrorCode::kResolveFailed:
      return EndReason::kResolve;
    case ws::ErrorCode::kConnectFailed:
      return EndReason::kConnect;
    case ws::ErrorCode::kProxyRefused:
    case ws::ErrorCode::kProxyViolation:
      return EndReason::kProxy;
    case ws::ErrorCode::kTlsFailed:
    case ws::ErrorCode::kCertificateRejected:
      return EndReason::kTls;
    case ws::ErrorCode::kHttpStatus:
    case ws::ErrorCode::kRedirectRefused:
      return EndReason::kHttpStatus;
    case ws::ErrorCode::kHandshakeRejected:
      return EndReason::kHandshake;
    case ws::ErrorCode::kTimeout:
      return EndReason::kTimeout;
    case ws::ErrorCode::kConnectionLost:
      return EndReason::kLost;
    case ws::ErrorCode::kPingTimeout:
      return EndReason::kPingTimeout;
    case ws::ErrorCode::kMessageTooBig:
      return EndReason::kMessageTooBig;
    case ws::ErrorCode::kProtocolViolation:
    case ws::ErrorCode::kInvalidUtf8:
    case ws::ErrorCode::kInvalidCompression:
      return EndReason::kProtocol;
    default:
      return EndReason::kOther;
  }
}

std::string error_line(std::string_view format, EndReason reason) {
  std::string line(format);
  for (std::size_t at = line.find(kPlace); at != std::string::npos;
       at = line.find(kPlace, at + to_string(reason).size())) {
    line.replace(at, kPlace.size(), to_string(reason));
  }
  return line;
}

}  // namespace wsbridged
