// SPDX-License-Identifier: MIT
#include "daemon/status_json.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;

TEST_CASE("status json: readiness has a reason when it is missing", "[status]") {
  CHECK(readiness_json({.is_ready = true}) == "{\"ready\":true}\n");
  CHECK(readiness_json({.is_ready = false, .reason = "draining"}) ==
        "{\"ready\":false,\"reason\":\"draining\"}\n");
}

TEST_CASE("status json: bridges, sessions and errors are there; unknown is null", "[status]") {
  Snapshot snapshot;
  snapshot.readiness.is_ready = true;
  snapshot.bridges.push_back(
      {.name = "chat", .listeners = {"127.0.0.1:1"}, .upstream = "ws://h/", .cookie_expires = 77});
  snapshot.sessions.push_back({.id = 7,
                               .bridge = "chat",
                               .peer = "127.0.0.1:2",
                               .state = "open",
                               .age = 1500ms,
                               .up = {.lines = 3, .bytes = 9}});
  snapshot.errors.push_back({.bridge = "chat", .cause = "a\xff", .advice = "do"});
  const std::vector<SessionRate> rates{{.lines_up = 1.23456, .seconds = 2}};
  const std::string json = status_json(snapshot, rates, {});
  for (const char* part :
       {"\"ready\":true", "\"name\":\"chat\"", "\"listeners\":[\"127.0.0.1:1\"]",
        "\"cookie_expires\":77", "\"certificate_expires\":null", "\"id\":7", "\"age_seconds\":1.5",
        "\"lines_per_second\":1.235", "\"ping_rtt_ms\":null", "\"session\":null",
        "\"cause\":\"a\xef\xbf\xbd\"", "\"advice\":\"do\""}) {
    CHECK_THAT(json, ContainsSubstring(part));
  }
}

}  // namespace
}  // namespace wsbridged
