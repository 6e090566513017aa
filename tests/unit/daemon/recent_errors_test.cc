// SPDX-License-Identifier: MIT
#include "daemon/recent_errors.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("recent errors: the latest come first, and the oldest of 50 goes", "[errors]") {
  RecentErrors errors;
  for (int i = 0; i < 51; ++i) {
    errors.add({.bridge = "chat", .cause = "cause " + std::to_string(i)});
  }
  const auto list = errors.list();
  REQUIRE(list.size() == RecentErrors::kMax);
  CHECK(list.front().cause == "cause 50");
  CHECK(list.back().cause == "cause 1");
}

TEST_CASE("recent errors: equal ones are one entry that moves to the front", "[errors]") {
  RecentErrors errors;
  errors.add({.bridge = "chat", .session = 1, .cause = "refused"});
  errors.add({.bridge = "mail", .session = 2, .cause = "refused"});
  errors.add({.bridge = "chat", .session = 3, .cause = "refused"});
  const auto list = errors.list();
  REQUIRE(list.size() == 2);
  CHECK(list.front().bridge == "chat");
  CHECK(list.front().session == 3);
  CHECK(list.front().count == 2);
}

TEST_CASE("recent errors: texts are cut, and control characters escaped", "[errors]") {
  RecentErrors errors;
  errors.add({.cause = std::string(1000, 'x'), .peer_text = std::string(199, 'y') + "\x1b[31m"});
  const RecentError error = errors.list().front();
  CHECK(error.cause.size() == RecentErrors::kMaxText + 3);
  CHECK(error.peer_text == std::string(199, 'y') + "\\x1b...");
  errors.add({.cause = "turned", .peer_text = std::string(199, 'y') + "\xe2\x80\xae"});
  CHECK(errors.list().front().peer_text == std::string(199, 'y') + "...");
}

}  // namespace
}  // namespace wsbridged
