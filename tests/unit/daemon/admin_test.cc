// SPDX-License-Identifier: MIT
// The admin listener over real sockets in front of a program that is played: answers, limits, and
// what hostile clients get.
#include "admin_support.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;
using test::Fixture;
using test::kGet;
using test::read_all;
using test::send_all;

TEST_CASE("admin: paths answer, verbs reach the program", "[admin]") {
  Fixture fixture;
  CHECK(test::mode_of(fixture.unix_path()) == 0600);
  CHECK(fixture.status("GET", "/livez") == 200);
  CHECK(fixture.status("GET", "/readyz") == 200);
  const auto page = call_admin(fixture.unix_address(), {.path = "/"});
  REQUIRE(page);
  CHECK_THAT(page->body, StartsWith("<!doctype html>"));
  const auto status = call_admin(fixture.unix_address(), {.path = "/status"});
  REQUIRE(status);
  CHECK_THAT(status->body, ContainsSubstring("\"name\":\"chat\""));
  const auto metrics = call_admin(fixture.tcp_address(), {.path = "/metrics"});
  REQUIRE(metrics);
  CHECK_THAT(metrics->body, ContainsSubstring("wsbridged_sessions{bridge=\"chat\"} 0\n"));
  CHECK(fixture.status("POST", "/ctl/kill/7") == 202);
  CHECK(fixture.target.killed == 7);
  CHECK(fixture.status("POST", "/ctl/kill/8") == 404);
  CHECK(fixture.status("POST", "/ctl/kill/x") == 404);
  CHECK(fixture.status("POST", "/ctl/log-level/debug") == 200);
  CHECK(fixture.target.level == config::LogLevel::kDebug);
  CHECK(fixture.status("POST", "/ctl/log-level/loud") == 400);
  const auto reload = call_admin(fixture.unix_address(), {.method = "POST", .path = "/ctl/reload"});
  REQUIRE(reload);
  CHECK(reload->status == 409);
  CHECK_THAT(reload->body, ContainsSubstring("f.yaml:1:1: wrong"));
  CHECK(fixture.status("POST", "/ctl/drain") == 202);
  CHECK(fixture.status("GET", "/readyz") == 503);
}

TEST_CASE("admin: HEAD has the head of GET, with no body", "[admin]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  send_all(client, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = read_all(client);
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK(answer.find("Content-Length: 0") == std::string::npos);
  for (const char* field : {"Cache-Control: no-store\r\n", "X-Content-Type-Options: nosniff\r\n",
                            "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
                            "Connection: close\r\n"}) {
    CHECK_THAT(answer, ContainsSubstring(field));
  }
}

TEST_CASE("admin: a request that trickles has one deadline for all of it", "[admin]") {
  Fixture fixture(300ms);
  const Descriptor client = fixture.connect();
  const auto start = std::chrono::steady_clock::now();
  // A byte every 20 ms would keep a timeout for each byte alive for ever.
  std::string answer;
  for (int i = 0; answer.empty() && std::chrono::steady_clock::now() - start < 20s; ++i) {
    send_all(client, i == 0 ? "GET / HTTP/1.1\r\nX: " : "x");
    answer = read_all(client, 20ms);
  }
  CHECK_THAT(answer, StartsWith("HTTP/1.1 408 "));
  CHECK(fixture.status("GET", "/readyz") == 200);
}

TEST_CASE("admin: a program that does not answer is told of", "[admin]") {
  Fixture fixture(100ms);
  fixture.target.answers = false;
  CHECK(fixture.status("GET", "/livez") == 503);
  CHECK(fixture.status("GET", "/status") == 503);
  const auto reload = call_admin(fixture.unix_address(), {.method = "POST", .path = "/ctl/reload"});
  REQUIRE(reload);
  CHECK(reload->status == 202);  // it goes on
  CHECK(reload->body == "{\"reloaded\":false,\"under_way\":true}\n");
  CHECK(fixture.status("GET", "/readyz") == 200);
}

TEST_CASE("admin: the 65th connection waits until another has gone, or its time is over",
          "[admin]") {
  Fixture fixture;
  std::vector<Descriptor> idle;
  for (std::size_t i = 0; i < AdminServer::kMaxConnections; ++i) {
    idle.push_back(fixture.connect());
  }
  const Descriptor late = fixture.connect();
  send_all(late, kGet);
  CHECK(read_all(late, 200ms).empty());
  // The other listener has places of its own.
  CHECK(call_admin(fixture.tcp_address(), {.path = "/readyz"}));
  idle.pop_back();
  CHECK_THAT(read_all(late), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("admin: a request that is too large, malformed or cut off harms nothing", "[admin]") {
  Fixture fixture;
  for (const auto& [request, answer] :
       {std::pair(std::string(100'000, 'x'), "HTTP/1.1 431 "),
        std::pair(std::string("\x16\x03\x01 TLS?\r\n\r\n"), "HTTP/1.1 400 "),
        std::pair(std::string("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "HTTP/1.1 421 ")}) {
    const Descriptor client = fixture.connect();
    send_all(client, request);
    CHECK_THAT(read_all(client), StartsWith(answer));
  }
  for (int i = 0; i < 100; ++i) {
    send_all(fixture.connect(), "GET / HT");
  }
  CHECK(fixture.status("GET", "/readyz") == 200);
}

TEST_CASE("admin: a tap shows records until the session or the watcher ends", "[admin]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  send_all(client, "POST /ctl/tap/7?width=3 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    head += read_all(client, 50ms);
  }
  CHECK_THAT(head, StartsWith("HTTP/1.1 200 "));
  const auto tap = fixture.target.taken_tap();
  REQUIRE(tap);
  tap->tell_line(Direction::kUp, "hello");
  tap->tell_end("over");
  const std::string records = read_all(client);
  CHECK_THAT(records, ContainsSubstring(R"("line":"hel","size":5,)"));
  CHECK(records.ends_with("{\"end\":\"over\"}\n"));
  CHECK(fixture.status("POST", "/ctl/tap/8") == 404);
}

TEST_CASE("admin: a watcher that does not read is bounded, one that leaves is forgotten",
          "[admin]") {
  Fixture fixture;
  {
    const Descriptor client = fixture.connect();
    send_all(client, "POST /ctl/tap/7 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (!fixture.target.taken_tap()) {
      std::this_thread::yield();
    }
    const auto tap = fixture.target.taken_tap();
    for (int i = 0; i < 5000; ++i) {
      tap->tell_line(Direction::kUp, std::string(4000, 'x'));
    }
    CHECK(fixture.status("GET", "/readyz") == 200);
  }
  const auto tap = fixture.target.taken_tap();
  const auto start = std::chrono::steady_clock::now();
  while (tap->is_watched() && std::chrono::steady_clock::now() - start < 20s) {
    std::this_thread::yield();
  }
  CHECK_FALSE(tap->is_watched());
}

TEST_CASE("admin: at most 8 sessions are watched at once", "[admin]") {
  Fixture fixture;
  std::vector<Descriptor> watchers;
  const auto watch = [&fixture] {
    Descriptor client = fixture.connect();
    send_all(client, "POST /ctl/tap/7 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pollfd waited{.fd = client.get(), .events = POLLIN, .revents = 0};
    CHECK(poll(&waited, 1, 20'000) == 1);
    return client;
  };
  for (int i = 0; i < AdminService::kMaxTaps; ++i) {
    watchers.push_back(watch());
  }
  CHECK_THAT(read_all(watch()), StartsWith("HTTP/1.1 429 "));
}

TEST_CASE("admin: it may end with requests under way", "[admin]") {
  Fixture fixture;
  fixture.target.answers = false;
  const Descriptor waiting = fixture.connect();
  send_all(waiting, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Descriptor watching = fixture.connect();
  send_all(watching, "POST /ctl/tap/7 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Descriptor idle = fixture.connect();
  fixture.end();
  CHECK(read_all(idle).empty());
}

TEST_CASE("admin: many who ask for the status at once share its gathering", "[admin]") {
  Fixture fixture;
  fixture.target.session_count = 4000;
  std::vector<Descriptor> askers;
  for (int i = 0; i < 40; ++i) {
    askers.push_back(fixture.connect());
    send_all(askers.back(), "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  for (const Descriptor& asker : askers) {
    const std::string answer = read_all(asker);
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200 "));
    CHECK(answer.size() > std::size_t{500'000});
    CHECK(answer.ends_with("}\n"));
  }
  CHECK(fixture.target.gatherings < 20);
}

}  // namespace
}  // namespace wsbridged
