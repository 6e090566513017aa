// SPDX-License-Identifier: MIT
// The admin listener in a reload: what moves, what stays, and what fails without a trace.
#include "admin_support.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;
using test::Fixture;
using test::kGet;
using test::read_all;
using test::send_all;

TEST_CASE("admin: listeners move while it runs, and who is connected gets his answer", "[admin]") {
  Fixture fixture;
  const std::vector<std::string> before = fixture.server().addresses();
  const Descriptor connected = fixture.connect();
  send_all(connected, kGet.substr(0, 10));
  config::Admin admin;
  admin.listen = fixture.unix_address();
  REQUIRE_FALSE(fixture.change(admin));  // admin.metrics goes, the other stays bound
  CHECK(fixture.server().addresses() == std::vector{before[0]});
  CHECK(fixture.status("GET", "/readyz") == 200);
  admin.listen = config::UnixAddress{.path = fixture.unix_path() + "2"};
  REQUIRE_FALSE(fixture.change(admin));
  CHECK(fixture.server().addresses() == std::vector{before[0] + "2"});
  CHECK(fixture.status("GET", "/readyz") == 0);
  CHECK(call_admin(*admin.listen, {.path = "/readyz"}));
  send_all(connected, kGet.substr(10));
  CHECK_THAT(read_all(connected), StartsWith("HTTP/1.1 200 "));
  REQUIRE_FALSE(fixture.change({}));
  CHECK(fixture.server().addresses().empty());
}

TEST_CASE("admin: a change that fails leaves everything as it was", "[admin]") {
  Fixture fixture;
  const std::vector<std::string> before = fixture.server().addresses();
  config::Admin admin;
  admin.listen = config::UnixAddress{.path = fixture.unix_path() + "2"};
  admin.metrics = config::TcpAddress{.host = "192.0.2.1", .port = 1};  // of no interface
  CHECK(fixture.change(admin));
  CHECK(fixture.server().addresses() == before);
  CHECK(fixture.status("GET", "/readyz") == 200);
  CHECK_FALSE(call_admin(*admin.listen, {.path = "/readyz"}));
  const auto port = std::get<config::TcpAddress>(fixture.tcp_address()).port;
  admin.listen = fixture.unix_address();
  admin.metrics = config::TcpAddress{.host = "127.0.0.1", .port = port};
  REQUIRE(fixture.change(admin));  // it was given port 0, which now is another address
  CHECK(fixture.server().addresses() == before);
}

TEST_CASE("admin: a name that was not found matters only where nothing is bound yet", "[admin]") {
  Fixture fixture;
  config::Admin admin;
  admin.listen = fixture.unix_address();
  AdminPlaces places = look_up(admin);
  ws::Error unanswered;
  unanswered.message = "look up 'a': no answer";
  places[0].target = unanswered;
  REQUIRE_FALSE(fixture.change(admin, places));
  places[0].serves = AdminDoor::Serves::kMetrics;
  places[0].listen.address = config::TcpAddress{.host = "a", .port = 1};
  const auto error = fixture.change(admin, places);
  REQUIRE(error);
  CHECK(error->message == "look up 'a': no answer");
}

TEST_CASE("admin: listen and metrics may change places", "[admin]") {
  Fixture fixture;
  config::Admin admin;
  admin.listen = config::TcpAddress{.host = "127.0.0.1"};
  admin.metrics = fixture.unix_address();
  REQUIRE_FALSE(fixture.change(admin));
  CHECK(fixture.status("GET", "/readyz") == 200);
  CHECK(fixture.status("GET", "/status") == 404);
  admin.listen = fixture.unix_address();
  admin.metrics.reset();
  REQUIRE_FALSE(fixture.change(admin));
  CHECK(fixture.status("GET", "/status") == 200);
}

TEST_CASE("admin: a reload that leaves it as it is does not wait for its thread", "[admin]") {
  Fixture fixture;
  fixture.target.is_stuck = true;
  const Descriptor client = fixture.connect();
  send_all(client, "POST /ctl/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  while (fixture.target.is_ready) {
    std::this_thread::yield();
  }
  CHECK_FALSE(fixture.reload(fixture.settings()));  // would hang
  fixture.target.is_stuck = false;
  AdminServer::Settings changed = fixture.settings();
  changed.admin.metrics.reset();
  CHECK_FALSE(fixture.reload(changed));
  CHECK(fixture.server().addresses().size() == 1);
}

}  // namespace
}  // namespace wsbridged
