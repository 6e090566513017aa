// SPDX-License-Identifier: MIT
#include "daemon/end_reason.h"

#include <set>

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("end reason: each has a wording of its own, of plain words", "[end_reason]") {
  std::set<std::string_view> wordings;
  for (std::uint8_t i = 0; i < kEndReasonCount; ++i) {
    const std::string_view wording = to_string(static_cast<EndReason>(i));
    CHECK_FALSE(wording.empty());
    CHECK(wording.find_first_of("\r\n{}") == std::string_view::npos);
    wordings.insert(wording);
  }
  CHECK(wordings.size() == kEndReasonCount);
  CHECK(to_string(EndReason::kTemplate) == "connection lacks what the configuration needs of it");
}

TEST_CASE("end reason: an error is told by its kind, never by its message", "[end_reason]") {
  ws::Error error;
  error.message = "evil";
  error.code = ws::ErrorCode::kHttpStatus;
  CHECK(to_string(reason_of(error)) == "upstream refused the connection");
  error.code = ws::ErrorCode::kConnectFailed;
  CHECK(to_string(reason_of(error)) == "upstream not reachable");
  error.code = ws::ErrorCode::kInvalidOption;
  CHECK(to_string(reason_of(error)) == "failed");
}

TEST_CASE("end reason: every {reason} of error_line is replaced, nothing else", "[end_reason]") {
  CHECK(error_line("", EndReason::kTimeout).empty());
  CHECK(error_line("ERR {reason}", EndReason::kTimeout) == "ERR upstream timed out");
  CHECK(error_line("{reason}|{reason}{x}", EndReason::kLost) ==
        "upstream connection lost|upstream connection lost{x}");
  CHECK(error_line("gone", EndReason::kLost) == "gone");
}

}  // namespace
}  // namespace wsbridged
