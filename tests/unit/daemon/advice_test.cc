// SPDX-License-Identifier: MIT
#include "daemon/advice.h"

#include "support/catch.h"

namespace {

std::string advice(ws::Phase phase, ws::ErrorCode code, int status = 0) {
  ws::Error error;
  error.phase = phase;
  error.code = code;
  if (status != 0) {
    error.response.emplace().status = status;
  }
  return wsbridged::advice_for(error);
}

}  // namespace

TEST_CASE("advice: each failure of a dial names the key or the place to look at", "[advice]") {
  using ws::ErrorCode;
  using ws::Phase;
  CHECK_THAT(advice(Phase::kResolve, ErrorCode::kResolveFailed), ContainsSubstring("upstream.url"));
  CHECK_THAT(advice(Phase::kConnect, ErrorCode::kConnectFailed), ContainsSubstring("server runs"));
  CHECK_THAT(advice(Phase::kTls, ErrorCode::kCertificateRejected),
             ContainsSubstring("tls.ca_file"));
  CHECK_THAT(advice(Phase::kTls, ErrorCode::kTlsFailed), ContainsSubstring("speaks TLS"));
  CHECK_THAT(advice(Phase::kHttp, ErrorCode::kHandshakeRejected),
             ContainsSubstring("subprotocols"));
}

TEST_CASE("advice: the ways to a server have words of their own", "[advice]") {
  using ws::ErrorCode;
  using ws::Phase;
  CHECK_THAT(advice(Phase::kProxy, ErrorCode::kProxyRefused, 407), ContainsSubstring("password"));
  CHECK_THAT(advice(Phase::kProxy, ErrorCode::kProxyRefused, 401), ContainsSubstring("password"));
  CHECK_THAT(advice(Phase::kProxy, ErrorCode::kProxyRefused, 403), ContainsSubstring("rules"));
  CHECK_THAT(advice(Phase::kProxy, ErrorCode::kProxyViolation), ContainsSubstring("no such proxy"));
  CHECK_THAT(advice(Phase::kProxy, ErrorCode::kTimeout), ContainsSubstring("upstream.proxy"));
  CHECK_THAT(advice(Phase::kHttp, ErrorCode::kRedirectRefused, 302),
             ContainsSubstring("redirect_to"));
  CHECK_THAT(advice(Phase::kOpen, ErrorCode::kInvalidCompression),
             ContainsSubstring("compression: false"));
  CHECK_THAT(advice(Phase::kOpen, ErrorCode::kProtocolViolation), ContainsSubstring("RFC 6455"));
  CHECK_THAT(advice(Phase::kOpen, ErrorCode::kInvalidUtf8), ContainsSubstring("UTF-8"));
  CHECK_THAT(advice(Phase::kOptions, ErrorCode::kInvalidOption), ContainsSubstring("check"));
}

TEST_CASE("advice: certificates of ours and pins are told apart from other failures", "[advice]") {
  const auto advice_of = [](ws::ErrorCode code, const std::string& message) {
    ws::Error error;
    error.code = code;
    error.message = message;
    return wsbridged::advice_for(error);
  };
  const std::string wanted = "TLS with h: the server wants a client certificate: set tls.cert_file";
  for (const auto code : {ws::ErrorCode::kTlsFailed, ws::ErrorCode::kConnectionLost}) {
    CHECK_THAT(advice_of(code, wanted), ContainsSubstring("tls.key_file"));
    CHECK_THAT(advice_of(code, "x"), !ContainsSubstring("tls.key_file"));
  }
  const std::string pin = "public key of h has the pin sha256//x=, which is none of tls.pin_sha256";
  CHECK_THAT(advice_of(ws::ErrorCode::kCertificateRejected, pin), ContainsSubstring("this pin"));
}

TEST_CASE("advice: a status of the server's decides", "[advice]") {
  const auto of = [](int status) {
    return advice(ws::Phase::kHttp, ws::ErrorCode::kHttpStatus, status);
  };
  CHECK_THAT(of(401), ContainsSubstring("cookie_jar"));
  CHECK_THAT(of(403), ContainsSubstring("origin"));
  CHECK_THAT(of(404), ContainsSubstring("path"));
  CHECK_THAT(of(302), ContainsSubstring("redirects"));
  CHECK_THAT(of(503), ContainsSubstring("later"));
  CHECK_THAT(of(200), ContainsSubstring("upstream.url"));
}

TEST_CASE("advice: a time-out is judged by where it struck", "[advice]") {
  const auto in = [](ws::Phase phase) { return advice(phase, ws::ErrorCode::kTimeout); };
  CHECK_THAT(in(ws::Phase::kResolve), ContainsSubstring("name servers"));
  CHECK_THAT(in(ws::Phase::kConnect), ContainsSubstring("firewall"));
  CHECK_THAT(in(ws::Phase::kHttp), ContainsSubstring("connect_timeout"));
}

TEST_CASE("advice: each thing wrong with a certificate has a remedy of its own", "[advice]") {
  const auto advice_of = [](const std::string& message) {
    return wsbridged::advice_for({.phase = ws::Phase::kTls,
                                  .code = ws::ErrorCode::kCertificateRejected,
                                  .message = message});
  };
  CHECK_THAT(advice_of("certificate of h is signed by an unknown authority (x)"),
             ContainsSubstring("tls.ca_file"));
  CHECK_THAT(advice_of("certificate of h expired on 2024-01-01"), ContainsSubstring("operator"));
  CHECK_THAT(advice_of("certificate is for a, not for b"), ContainsSubstring("tls.server_name"));
}

TEST_CASE("advice: a server that closes with an error is worth a hint", "[advice]") {
  CHECK(wsbridged::advice_for_close(1000).empty());
  CHECK(wsbridged::advice_for_close(1005).empty());
  CHECK_THAT(wsbridged::advice_for_close(1008), ContainsSubstring("log"));
  CHECK_THAT(wsbridged::advice_for_close(1012), ContainsSubstring("reconnect"));
}
