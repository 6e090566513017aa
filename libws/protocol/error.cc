// SPDX-License-Identifier: MIT
// The spellings of phases and error codes, and the exception that carries an Error.
#include <ws/error.h>

#include "protocol/ascii.h"

namespace ws {
const std::string* HttpResponse::find(std::string_view name) const {
  for (const Header& header : headers) {
    if (protocol::equal_ignoring_case(header.name, name)) {
      return &header.value;
    }
  }
  return nullptr;
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kOptions:
      return "options";
    case Phase::kResolve:
      return "resolve";
    case Phase::kConnect:
      return "connect";
    case Phase::kProxy:
      return "proxy";
    case Phase::kTls:
      return "tls";
    case Phase::kHttp:
      return "http";
    case Phase::kOpen:
      return "open";
  }
  return "unknown";
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidUrl:
      return "invalid_url";
    case ErrorCode::kInvalidOption:
      return "invalid_option";
    case ErrorCode::kResolveFailed:
      return "resolve_failed";
    case ErrorCode::kConnectFailed:
      return "connect_failed";
    case ErrorCode::kTlsFailed:
      return "tls_failed";
    case ErrorCode::kCertificateRejected:
      return "certificate_rejected";
    case ErrorCode::kHttpStatus:
      return "http_status";
    case ErrorCode::kHandshakeRejected:
      return "handshake_rejected";
    case ErrorCode::kProtocolViolation:
      return "protocol_violation";
    case ErrorCode::kInvalidUtf8:
      return "invalid_utf8";
    case ErrorCode::kInvalidCompression:
      return "invalid_compression";
    case ErrorCode::kMessageTooBig:
      return "message_too_big";
    case ErrorCode::kConnectionLost:
      return "connection_lost";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kPingTimeout:
      return "ping_timeout";
    case ErrorCode::kCallbackThrew:
      return "callback_threw";
    case ErrorCode::kProxyRefused:
      return "proxy_refused";
    case ErrorCode::kProxyViolation:
      return "proxy_violation";
    case ErrorCode::kRedirectRefused:
      return "redirect_refused";
  }
  return "unknown";
}

Exception::Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}

}  // namespace ws
