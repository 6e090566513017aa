// SPDX-License-Identifier: MIT
#include "daemon/upstream_verdict.h"

#include "support/catch.h"

using namespace wsbridged;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ws::ErrorCode;

namespace {

ws::Error answered(int status, std::vector<ws::Header> headers = {}) {
  return {.phase = ws::Phase::kHttp,
          .code = ErrorCode::kHttpStatus,
          .message = "",
          .response = ws::HttpResponse{
              .status = status, .reason = "", .headers = std::move(headers), .body = ""}};
}

ws::Error failed(ErrorCode code) {
  return {.phase = ws::Phase::kConnect, .code = code, .message = ""};
}

milliseconds asked(const std::string& value) {
  // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7.
  const auto now = std::chrono::system_clock::from_time_t(784'111'777);
  return retry_after(answered(429, {{"retry-after", value}}), now);
}

}  // namespace

TEST_CASE("upstream verdict: 1000 and no code are an end, some codes reconnect, others do not",
          "[verdict]") {
  for (const int code : {1000, 1005}) {
    CHECK(verdict_on_close(static_cast<std::uint16_t>(code)) == UpstreamVerdict::kEnd);
  }
  for (const int code : {1001, 1006, 1011, 1012, 1013, 1014}) {
    CHECK(verdict_on_close(static_cast<std::uint16_t>(code)) == UpstreamVerdict::kTransient);
  }
  for (const int code : {1002, 1003, 1007, 1008, 1009, 1010, 3000, 3999, 4000, 4999}) {
    CHECK(verdict_on_close(static_cast<std::uint16_t>(code)) == UpstreamVerdict::kPermanent);
  }
}

TEST_CASE("upstream verdict: HTTP statuses that pass and those that do not", "[verdict]") {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    INFO(status);
    CHECK(verdict_on_error(answered(status)) == UpstreamVerdict::kTransient);
  }
  for (const int status : {200, 204, 301, 302, 400, 401, 403, 404, 407, 410, 426, 600}) {
    INFO(status);
    CHECK(verdict_on_error(answered(status)) == UpstreamVerdict::kPermanent);
  }
  ws::Error proxy = answered(502);
  proxy.code = ErrorCode::kProxyRefused;
  CHECK(verdict_on_error(proxy) == UpstreamVerdict::kTransient);
  proxy.response->status = 407;
  CHECK(verdict_on_error(proxy) == UpstreamVerdict::kPermanent);
}

TEST_CASE("upstream verdict: networks pass, certificates and broken rules do not", "[verdict]") {
  for (const ErrorCode code :
       {ErrorCode::kResolveFailed, ErrorCode::kConnectFailed, ErrorCode::kTlsFailed,
        ErrorCode::kConnectionLost, ErrorCode::kTimeout, ErrorCode::kPingTimeout,
        ErrorCode::kProxyRefused}) {
    CHECK(verdict_on_error(failed(code)) == UpstreamVerdict::kTransient);
  }
  for (const ErrorCode code :
       {ErrorCode::kInvalidUrl, ErrorCode::kInvalidOption, ErrorCode::kCertificateRejected,
        ErrorCode::kHandshakeRejected, ErrorCode::kProtocolViolation, ErrorCode::kInvalidUtf8,
        ErrorCode::kInvalidCompression, ErrorCode::kMessageTooBig, ErrorCode::kProxyViolation,
        ErrorCode::kRedirectRefused, ErrorCode::kHttpStatus}) {
    CHECK(verdict_on_error(failed(code)) == UpstreamVerdict::kPermanent);
  }
}

TEST_CASE("upstream verdict: 401 and 403 refuse credentials", "[verdict]") {
  CHECK(refuses_credentials(answered(401)));
  CHECK(refuses_credentials(answered(403)));
  CHECK_FALSE(refuses_credentials(answered(404)));
  CHECK_FALSE(refuses_credentials(failed(ErrorCode::kConnectFailed)));
}

TEST_CASE("upstream verdict: Retry-After in seconds and as each form of date", "[verdict]") {
  CHECK(asked("0") == seconds(0));
  CHECK(asked("120") == seconds(120));
  CHECK(asked("Sun, 06 Nov 1994 08:50:37 GMT") == seconds(60));
  CHECK(asked("Sunday, 06-Nov-94 08:50:37 GMT") == seconds(60));
  CHECK(asked("Sun Nov  6 08:50:37 1994") == seconds(60));
  CHECK(retry_after(failed(ErrorCode::kConnectFailed), {}) == seconds(0));
  CHECK(retry_after(answered(429), {}) == seconds(0));
}

TEST_CASE("upstream verdict: a Retry-After is capped, and nonsense is none", "[verdict]") {
  CHECK(asked("3600") == kLongestRetryAfter);
  CHECK(asked("3601") == kLongestRetryAfter);
  CHECK(asked("99999999999999999999999") == kLongestRetryAfter);
  CHECK(asked("Fri, 31 Dec 9999 23:59:59 GMT") == kLongestRetryAfter);
  CHECK(asked("Sun, 06 Nov 1994 08:48:37 GMT") == seconds(0));
  for (const char* const text : {"", "-1", "1.5", "soon", "10 s", "Sun, 06 Nov 1994", "0x10",
                                 "Sun, 06 Nov 1994 08:50:37 GMT+1"}) {
    INFO(text);
    CHECK(asked(text) == seconds(0));
  }
}

TEST_CASE("upstream verdict: close codes of failures, and words for those of the peer",
          "[verdict]") {
  CHECK(close_code_of(ErrorCode::kMessageTooBig) == 1009);
  CHECK(close_code_of(ErrorCode::kInvalidUtf8) == 1007);
  CHECK(close_code_of(ErrorCode::kInvalidCompression) == 1007);
  CHECK(close_code_of(ErrorCode::kProtocolViolation) == 1002);
  CHECK(close_code_of(ErrorCode::kConnectionLost) == 1006);
  CHECK(close_cause(1005) == "upstream closed");
  CHECK(close_cause(1001) == "upstream closed with 1001 (going away)");
  CHECK(close_cause(4000) == "upstream closed with 4000");
}
