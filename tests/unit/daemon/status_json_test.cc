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
  snapshot.bridges.push_back({.name = "chat",
                              .listeners = {"127.0.0.1:1"},
                              .upstreams = {{"ws://h/", std::nullopt}, {"ws://i/", 1500ms}},
                              .dial_interval = 200ms,
                              .refused_connections = 5,
                              .cookie_expires = 77});
  snapshot.memory = MemoryView{.limit = 1000, .held = 10, .peak = 20};
  snapshot.cookie_faults["/jar"] = "disk full";
  snapshot.sessions.push_back({.id = 7,
                               .bridge = "chat",
                               .peer = "127.0.0.1:2",
                               .state = "open",
                               .age = 1500ms,
                               .up = {.lines = 3, .bytes = 9},
                               .reconnecting = {.reconnects = 4},
                               .unconfirmed_bytes = 12});
  snapshot.errors.push_back({.bridge = "chat", .cause = "a\xff", .advice = "do"});
  const std::vector<SessionRate> rates{{.lines_up = 1.23456, .seconds = 2}};
  const std::string json = status_json(snapshot, rates, {});
  for (const char* part :
       {"\"ready\":true", "\"name\":\"chat\"", "\"listeners\":[\"127.0.0.1:1\"]",
        "\"cookie_expires\":77", "\"certificate_expires\":null", "\"id\":7", "\"age_seconds\":1.5",
        "\"lines_per_second\":1.235", "\"ping_rtt_ms\":null", "\"session\":null",
        "\"upstreams\":[{\"rest_seconds\":null,\"url\":\"ws://h/\"},{\"rest_seconds\":1.5,",
        "\"dial_interval_seconds\":0.2", "\"refused_connections\":5", "\"reconnects\":4",
        "\"unconfirmed_bytes\":12",
        "\"memory\":{\"held_bytes\":10,\"limit_bytes\":1000,\"peak_bytes\":20}",
        "\"cookie_faults\":[{\"cause\":\"disk full\",\"cookie_jar\":\"/jar\"}]",
        "\"cause\":\"a\xef\xbf\xbd\"", "\"advice\":\"do\""}) {
    CHECK_THAT(json, ContainsSubstring(part));
  }
}

}  // namespace
}  // namespace wsbridged
