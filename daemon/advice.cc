// SPDX-License-Identifier: MIT
#include "daemon/advice.h"

namespace wsbridged {

namespace {

std::string advice_for_status(int status) {
  if (status == 401 || status == 403) {
    return "the server refuses these credentials: check headers, cookie_jar and origin";
  }
  if (status == 404) {
    return "no WebSocket at this path: check upstream.url";
  }
  if (status == 426) {
    return "the server wants another protocol or version: check upstream.url and subprotocols";
  }
  if (status >= 300 && status < 400) {
    return "the server redirects: set upstream.url to the place it names";
  }
  if (status >= 500 || status == 408 || status == 425 || status == 429) {
    return "the server is not ready: try again later";
  }
  return "the server answered, but not as a WebSocket server: check upstream.url";
}

std::string advice_for_timeout(ws::Phase phase) {
  switch (phase) {
    case ws::Phase::kResolve:
      return "the name servers do not answer: check /etc/resolv.conf";
    case ws::Phase::kConnect:
      return "nothing answers at that address: check host, port and firewall";
    default:
      return "the server accepts connections but does not answer: check that it is healthy, or "
             "raise "
             "connect_timeout";
  }
}

}  // namespace

std::string advice_for(const ws::Error& error) {
  switch (error.code) {
    case ws::ErrorCode::kResolveFailed:
      return "check the host name in upstream.url and the name servers";
    case ws::ErrorCode::kConnectFailed:
      return "check that the server runs, and host and port in upstream.url";
    case ws::ErrorCode::kCertificateRejected:
      return "check tls.ca_file and tls.server_name, and the server's certificate";
    case ws::ErrorCode::kTlsFailed:
      return "check that the port speaks TLS, and tls.min_version";
    case ws::ErrorCode::kHttpStatus:
      return advice_for_status(error.response ? error.response->status : 0);
    case ws::ErrorCode::kHandshakeRejected:
      return "the server does not follow RFC 6455: check upstream.url, subprotocols and "
             "require_subprotocol";
    case ws::ErrorCode::kTimeout:
      return advice_for_timeout(error.phase);
    case ws::ErrorCode::kMessageTooBig:
      return "raise framing.max_message if such messages are expected";
    case ws::ErrorCode::kPingTimeout:
      return "the link is dead or the server overloaded: see ping_timeout";
    case ws::ErrorCode::kConnectionLost:
      return "the server or something on the way cut the connection: look there";
    default:
      return {};
  }
}

}  // namespace wsbridged
