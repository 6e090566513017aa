// SPDX-License-Identifier: MIT
#include "daemon/snapshot.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("snapshot: workers' parts are joined, sessions by their ids", "[snapshot]") {
  Snapshot snapshot;
  snapshot.bridges.push_back({.name = "a"});
  snapshot.workers.resize(2);
  snapshot.workers[0].totals["a"].sessions = 2;
  snapshot.workers[1].totals["a"].sessions = 1;
  snapshot.workers[1].totals["gone"].sessions_total = 5;
  snapshot.workers[0].sessions = {{.id = 3}, {.id = 1}};
  snapshot.workers[1].sessions = {{.id = 2}};
  merge_workers(snapshot);
  CHECK(snapshot.session_count == 3);
  CHECK(snapshot.bridges.front().totals.sessions == 3);
  REQUIRE(snapshot.bridges.size() == 2);  // a reload took it away; its counters go on
  CHECK(snapshot.bridges.back().name == "gone");
  REQUIRE(snapshot.sessions.size() == 3);
  for (std::uint64_t id : {1U, 2U, 3U}) {
    CHECK(snapshot.sessions[id - 1].id == id);
  }
  merge_workers(snapshot);
  CHECK(snapshot.session_count == 3);
}

TEST_CASE("snapshot: beyond 10,000 sessions are only counted", "[snapshot]") {
  Snapshot snapshot;
  snapshot.workers.resize(2);
  for (WorkerView& worker : snapshot.workers) {
    worker.totals["a"].sessions = kMaxSessionViews;
    worker.sessions.resize(kMaxSessionViews);
  }
  merge_workers(snapshot);
  CHECK(snapshot.sessions.size() == kMaxSessionViews);
  CHECK(snapshot.session_count == 2 * kMaxSessionViews);
}

}  // namespace
}  // namespace wsbridged
