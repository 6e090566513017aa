// SPDX-License-Identifier: MIT
// The spellings of phases and codes, header look-up, and what Exception and Result carry.
#include <set>
#include <string>

#include <ws/error.h>

#include "support/catch.h"

namespace {

TEST_CASE("error: every phase has its own spelling", "[error]") {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(ws::Phase::kOpen); ++value) {
    names.insert(ws::to_string(static_cast<ws::Phase>(value)));
  }
  CHECK(names == std::set<std::string_view>{"options", "resolve", "connect", "proxy", "tls", "http",
                                            "open"});
}

TEST_CASE("error: every code has its own spelling", "[error]") {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(ws::ErrorCode::kRedirectRefused); ++value) {
    names.insert(ws::to_string(static_cast<ws::ErrorCode>(value)));
  }
  CHECK(names == std::set<std::string_view>{
                     "invalid_url", "invalid_option", "resolve_failed", "connect_failed",
                     "tls_failed", "certificate_rejected", "http_status", "handshake_rejected",
                     "protocol_violation", "invalid_utf8", "invalid_compression", "message_too_big",
                     "connection_lost", "timeout", "ping_timeout", "callback_threw",
                     "proxy_refused", "proxy_violation", "redirect_refused"});
}

TEST_CASE("response: a header is found without regard to case, the first of several", "[error]") {
  ws::HttpResponse response;
  response.headers = {{"Server", "a"}, {"Set-Cookie", "one=1"}, {"set-cookie", "two=2"}};
  REQUIRE(response.find("SET-COOKIE") != nullptr);
  CHECK(*response.find("SET-COOKIE") == "one=1");
  CHECK(*response.find("server") == "a");
  CHECK(response.find("Serve") == nullptr);
  CHECK(response.find("") == nullptr);
}

TEST_CASE("exception: it says what the error says and keeps all of it", "[error]") {
  ws::Error error;
  error.phase = ws::Phase::kHttp;
  error.code = ws::ErrorCode::kHttpStatus;
  error.message = "the server answered 403";
  error.response.emplace().status = 403;
  const ws::Exception exception(error);
  CHECK(std::string(exception.what()) == "the server answered 403");
  CHECK(exception.error().phase == ws::Phase::kHttp);
  CHECK(exception.error().response->status == 403);
}

TEST_CASE("result: it is a value or an error, also when the value is false", "[error]") {
  const ws::Result<bool> value(false);
  REQUIRE(value);
  CHECK_FALSE(value.value());

  ws::Error reason;
  reason.code = ws::ErrorCode::kTimeout;
  const ws::Result<bool> failed(reason);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ws::ErrorCode::kTimeout);
}

}  // namespace
