// SPDX-License-Identifier: MIT
#include "daemon/advice.h"

#include <ws/close_code.h>

namespace wsbridged {

namespace {

std::string advice_for_status(int status) {
  if (status == 401 || status == 403) {
    return "the server refuses these credentials: check headers, basic_auth, cookie_jar and origin";
  }
  if (status == 404) {
    return "no WebSocket at this path: check upstream.url";
  }
  if (status == 426) {
    return "the server wants another protocol or version: check upstream.url and subprotocols";
  }
  if (status >= 300 && status < 400) {
    return "the server redirects: set upstream.url to the place it names, or follow_redirects";
  }
  if (status >= 500 || status == 408 || status == 425 || status == 429) {
    return "the server is not ready: try again later";
  }
  return "the server answered, but not as a WebSocket server: check upstream.url";
}

// 407, and 401 of proxies that mistake themselves for servers.
std::string advice_for_proxy(int status) {
  if (status == 407 || status == 401) {
    return "the proxy wants a user and a password that it knows: upstream.proxy "
           "\"http://user:password@host:port\", or the variable that names it";
  }
  return "ask the proxy's rules for this host and port (ConnectPort, ACLs), check its user and "
         "password, or go without it: proxy none, or no_proxy";
}

// libws has one code for all that a TLS handshake can fail of; what it says of our certificate is
// its own fixed wording.
std::string advice_for_tls(const std::string& message) {
  if (message.find("client certificate") != std::string::npos) {
    return "set tls.cert_file and tls.key_file to a certificate of an authority that the server "
           "trusts, not expired";
  }
  return "check that the port speaks TLS, and tls.min_version";
}

std::string advice_for_certificate(const std::string& message) {
  if (message.find("tls.pin_sha256") != std::string::npos) {
    return "if the server was given a new key on purpose, put this pin into tls.pin_sha256; if "
           "not, "
           "somebody is between you and it";
  }
  if (message.find("unknown authority") != std::string::npos) {
    return "set tls.ca_file to a PEM file with the certificate of that authority, if you trust it";
  }
  if (message.find("expired on") != std::string::npos) {
    return "the server needs a new certificate: tell its operator, and check this machine's clock";
  }
  if (message.find("certificate is for") != std::string::npos) {
    return "use one of these names in upstream.url, or set tls.server_name to one if the server "
           "is the right one";
  }
  return "check tls.ca_file and tls.server_name, and the server's certificate";
}

std::string advice_for_timeout(ws::Phase phase) {
  switch (phase) {
    case ws::Phase::kResolve:
      return "the name servers do not answer: check /etc/resolv.conf";
    case ws::Phase::kConnect:
      return "nothing answers at that address: check host, port and firewall";
    case ws::Phase::kProxy:
      return "the proxy does not answer: check upstream.proxy and the variables wss_proxy, "
             "https_proxy, http_proxy and all_proxy";
    default:
      return "the server accepts connections but does not answer: check that it is healthy, or "
             "raise "
             "connect_timeout";
  }
}

}  // namespace

std::string advice_for_close(std::uint16_t code) {
  switch (code) {
    case ws::kCloseNormal:
    case ws::kCloseNoStatus:
      return {};
    case ws::kCloseMessageTooBig:
      return "the server takes no lines of this length: raise its limit, or send shorter ones";
    case ws::kCloseGoingAway:
    case ws::kCloseServiceRestart:
    case ws::kCloseTryAgainLater:
      return "the server stops or is overloaded: try again later, or set reconnect.enabled";
    default:
      return "the server gives its reason with the close code, look into its log; often it wants a "
             "credential (headers, cookie_jar, on_open), an origin or another subprotocol";
  }
}

std::string advice_for(const ws::Error& error) {
  switch (error.code) {
    case ws::ErrorCode::kResolveFailed:
      return "check the host name in upstream.url and the name servers";
    case ws::ErrorCode::kConnectFailed:
      return "check that the server runs, and host and port in upstream.url (or of the proxy on "
             "the "
             "way: upstream.proxy)";
    case ws::ErrorCode::kCertificateRejected:
      return advice_for_certificate(error.message);
    case ws::ErrorCode::kTlsFailed:
      return advice_for_tls(error.message);
    case ws::ErrorCode::kProxyRefused:
      return advice_for_proxy(error.response ? error.response->status : 0);
    case ws::ErrorCode::kProxyViolation:
      return "what answers there is no such proxy: check scheme, host and port in upstream.proxy";
    case ws::ErrorCode::kRedirectRefused:
      return "set upstream.url to where it leads, or allow it: follow_redirects for more of them, "
             "redirect_to for another origin";
    case ws::ErrorCode::kInvalidCompression:
      return "the server's compression is broken: set compression: false";
    case ws::ErrorCode::kInvalidOption:
      return "correct the key that it names; `wsbridged check` finds most of these";
    case ws::ErrorCode::kHttpStatus:
      return advice_for_status(error.response ? error.response->status : 0);
    case ws::ErrorCode::kHandshakeRejected:
      if (error.message.find("subprotocol") != std::string::npos) {
        return "offer in upstream.subprotocols what the server speaks, or set "
               "require_subprotocol: false if it needs none";
      }
      return "the server does not follow RFC 6455: check upstream.url, subprotocols and "
             "require_subprotocol";
    case ws::ErrorCode::kTimeout:
      return advice_for_timeout(error.phase);
    case ws::ErrorCode::kProtocolViolation:
      return "the server breaks RFC 6455, or something on the way changes what it sends: tell its "
             "operator";
    case ws::ErrorCode::kInvalidUtf8:
      return "the server sends texts that are not UTF-8, which RFC 6455 demands: tell its operator "
             "(binary messages may hold anything)";
    case ws::ErrorCode::kMessageTooBig:
      return "raise framing.max_message if such messages are expected";
    case ws::ErrorCode::kPingTimeout:
      return "the link is dead or the server overloaded: see ping_timeout";
    case ws::ErrorCode::kConnectionLost:
      if (error.message.find("client certificate") != std::string::npos) {
        return advice_for_tls(error.message);  // with TLS 1.3 it is told after the handshake
      }
      return "the server or something on the way cut the connection: look there";
    default:
      return {};
  }
}

}  // namespace wsbridged
