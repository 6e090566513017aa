// SPDX-License-Identifier: MIT
// Close payloads, both ways.
#include "protocol/close_frame.h"

#include "support/catch.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Outcome = ClosePayload::Outcome;

ClosePayload parse(std::string_view payload) {
  return parse_close_payload(std::as_bytes(std::span(payload)));
}

}  // namespace

TEST_CASE("close frame: code and reason survive (RFC 6455 5.5.1)",
          "[close][RFC6455-5.5.1-body][RFC6455-7.1.6-reason]") {
  CHECK(make_close_payload(1000, "bye") ==
        "\x03\xe8"
        "bye");
  CHECK(make_close_payload(kCloseNoStatus, "").empty());
  const std::string payload = make_close_payload(4999, "caf\xc3\xa9");
  const auto close = parse(payload);
  CHECK(close.outcome == Outcome::kValid);
  CHECK(close.code == 4999);
  CHECK(close.reason == "caf\xc3\xa9");
}

TEST_CASE("close frame: empty is no code, one byte breaks a rule (RFC 6455 5.5.1)",
          "[close][RFC6455-5.5.1-body]") {
  CHECK(parse("").outcome == Outcome::kValid);
  CHECK(parse("").code == kCloseNoStatus);
  CHECK(parse("\x03").outcome == Outcome::kViolation);
}

TEST_CASE("close frame: codes that must not be sent and bad reasons are told apart", "[close]") {
  CHECK(parse("\x03\xed").outcome == Outcome::kViolation);  // 1005
  CHECK(parse("\x03\xe8\xff").outcome == Outcome::kInvalidUtf8);
  CHECK(parse("\x03\xe8\xe2\x82").outcome == Outcome::kInvalidUtf8);  // cut within a character
}

}  // namespace ws::protocol
