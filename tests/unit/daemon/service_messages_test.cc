// SPDX-License-Identifier: MIT
// What systemd is told and when, by a clock of the test's.
#include "daemon/service_messages.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using Strings = std::vector<std::string>;

// The program's side: what it said, whom it asked, what it would log.
struct Service {
  explicit Service(std::size_t worker_count)
      : messages(worker_count,
                 {.send = [this](const std::string& state) { sent.push_back(state); },
                  .status = [this] { return status; },
                  .ask_worker = [this](std::size_t worker) { asked.push_back(worker); },
                  .on_silence =
                      [this](std::size_t workers, ServiceMessages::TimePoint::duration waited) {
                        silences.emplace_back(workers, std::chrono::duration_cast<seconds>(waited));
                      }}) {}

  // Another quarter of a watchdog of 40 s.
  void pass_quarter() {
    now += seconds(10);
    messages.handle_watchdog_quarter(now);
  }

  Strings take_sent() { return std::exchange(sent, {}); }

  std::vector<std::size_t> take_asked() { return std::exchange(asked, {}); }

  std::string status = "1 bridges, 0 sessions";
  ServiceMessages::TimePoint now{std::chrono::hours(1)};
  Strings sent;
  std::vector<std::size_t> asked;
  std::vector<std::pair<std::size_t, seconds>> silences;
  ServiceMessages messages;
};

TEST_CASE("service_messages: ready, a reload with its time, ready again, stopping") {
  Service service(1);
  service.messages.ready();
  service.messages.reloading(microseconds(3'600'000'001));
  service.status = "2 bridges, 0 sessions";
  service.messages.reloaded();
  CHECK(service.take_sent() == Strings{"READY=1\nSTATUS=1 bridges, 0 sessions",
                                       "RELOADING=1\nMONOTONIC_USEC=3600000001",
                                       "READY=1\nSTATUS=2 bridges, 0 sessions"});
  service.status = "draining, 3 sessions left";
  service.messages.stopping(seconds(60));
  CHECK(service.take_sent() ==
        Strings{"STOPPING=1\nSTATUS=draining, 3 sessions left",
                "EXTEND_TIMEOUT_USEC=20000000\nSTATUS=draining, 3 sessions left"});
}

TEST_CASE("service_messages: the status is told once an interval, and only when it has changed") {
  Service service(1);
  service.messages.ready();
  service.take_sent();
  service.messages.handle_status_interval();
  CHECK(service.take_sent().empty());
  service.status = "1 bridges, 1 sessions";
  service.status = "1 bridges, 2 sessions";
  CHECK(service.sent.empty());
  service.messages.handle_status_interval();
  service.messages.handle_status_interval();
  CHECK(service.take_sent() == Strings{"STATUS=1 bridges, 2 sessions"});
}

TEST_CASE("service_messages: while stopping every interval asks for more time than an interval") {
  STATIC_REQUIRE(kStopExtension > 2 * kStatusInterval);
  Service service(1);
  service.messages.ready();
  service.messages.stopping(seconds(60));
  service.take_sent();
  for (int i = 0; i < 3; ++i) {
    service.messages.handle_status_interval();
    CHECK(service.take_sent() ==
          Strings{"EXTEND_TIMEOUT_USEC=20000000\nSTATUS=1 bridges, 0 sessions"});
  }
}

TEST_CASE("service_messages: no time is asked for beyond the longest that a stop may take") {
  Service service(1);
  service.messages.ready();
  service.messages.stopping(seconds(12));
  service.take_sent();
  service.messages.handle_status_interval();
  service.messages.handle_status_interval();
  CHECK(service.take_sent().size() == 2);
  service.messages.handle_status_interval();
  CHECK(service.take_sent().empty());
  service.status = "draining, 1 sessions left";
  service.messages.handle_status_interval();
  CHECK(service.take_sent() == Strings{"STATUS=draining, 1 sessions left"});
}

TEST_CASE(
    "service_messages: the watchdog is fed each half of its time when every loop has turned") {
  Service service(3);
  for (int round = 0; round < 3; ++round) {
    service.pass_quarter();
    CHECK(service.take_asked() == std::vector<std::size_t>{0, 1, 2});
    service.messages.handle_answer(2);
    service.messages.handle_answer(0);
    CHECK(service.take_sent().empty());
    service.messages.handle_answer(1);
    CHECK(service.take_sent() == Strings{"WATCHDOG=1"});
    service.pass_quarter();
    CHECK(service.take_asked().empty());
    CHECK(service.take_sent().empty());
  }
  CHECK(service.silences.empty());
}

TEST_CASE("service_messages: a worker that does not turn starves the watchdog and is told once") {
  Service service(2);
  service.pass_quarter();
  service.messages.handle_answer(0);
  service.messages.handle_answer(0);  // once counts
  for (int i = 0; i < 4; ++i) {
    service.pass_quarter();
  }
  CHECK(service.sent.empty());
  REQUIRE(service.silences.size() == 1);
  CHECK(service.silences.front() == std::pair<std::size_t, seconds>(1, 10));
  CHECK(service.take_asked() == std::vector<std::size_t>{0, 1});
  service.messages.handle_answer(1);  // it turns again, late
  CHECK(service.take_sent() == Strings{"WATCHDOG=1"});
  service.pass_quarter();
  service.pass_quarter();
  CHECK(service.take_asked() == std::vector<std::size_t>{0, 1});
  service.pass_quarter();
  CHECK(service.silences.size() == 2);
}

}  // namespace
}  // namespace wsbridged
