// SPDX-License-Identifier: MIT
// The admin listener over real sockets in front of a program that is played: answers, limits, and
// what hostile clients get.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "daemon/admin_client.h"
#include "daemon/admin_plan.h"
#include "daemon/admin_server.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;
using test::TempDir;

constexpr std::string_view kGet = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Plays the program.
class PlayedTarget final : public AdminTarget {
 public:
  [[nodiscard]] Readiness readiness() const override {
    return is_ready ? Readiness{.is_ready = true} : Readiness{.reason = "draining"};
  }

  void take_snapshot(Snapshot::Detail /*detail*/, std::function<void(Snapshot)> done) override {
    ++gatherings;
    if (answers) {
      Snapshot snapshot;
      snapshot.readiness = readiness();
      snapshot.bridges.push_back({.name = "chat"});
      snapshot.workers.resize(1);
      snapshot.workers[0].sessions.resize(session_count);
      done(std::move(snapshot));
    }
  }

  void kill_session(std::uint64_t id, Found done) override {
    killed = id;
    done(id == 7);
  }

  void tap_session(std::uint64_t id, std::shared_ptr<Tap> new_tap, Found done) override {
    if (id == 7) {
      const std::lock_guard lock(mutex);
      tap = std::move(new_tap);
    }
    done(id == 7);
  }

  void start_drain() override {
    is_ready = false;
    while (is_stuck) {
      std::this_thread::yield();
    }
  }

  void reload_configuration(std::function<void(ReloadResult)> done) override {
    if (answers) {
      done({.errors = {"f.yaml:1:1: wrong"}});
    }
  }

  void set_log_level(config::LogLevel new_level) override { level = new_level; }

  std::shared_ptr<Tap> taken_tap() {
    const std::lock_guard lock(mutex);
    return tap;
  }

  std::atomic<bool> is_ready{true};
  std::atomic<bool> answers{true};
  std::atomic<bool> is_stuck{false};  // within start_drain()
  std::atomic<int> gatherings{0};
  std::atomic<std::size_t> session_count{0};
  std::atomic<std::uint64_t> killed{0};
  std::atomic<config::LogLevel> level{config::LogLevel::kInfo};
  std::mutex mutex;
  std::shared_ptr<Tap> tap;
};

class Fixture {
 public:
  explicit Fixture(std::chrono::milliseconds deadline = 10s) {
    std::ofstream(directory_ / "token") << "0123456789abcdef\n";
    settings_.deadline = deadline;
    settings_.admin.listen = config::UnixAddress{.path = directory_ / "admin.sock"};
    settings_.admin.metrics = config::TcpAddress{.host = "127.0.0.1"};
    auto opened = AdminServer::open(settings_, look_up(settings_.admin), target, log_);
    REQUIRE(opened);
    server_ = std::move(opened.value());
    server_->start();
  }

  [[nodiscard]] config::Address unix_address() const {
    return config::UnixAddress{.path = directory_ / "admin.sock"};
  }

  [[nodiscard]] std::string unix_path() const { return directory_ / "admin.sock"; }

  [[nodiscard]] config::Address tcp_address() const {
    return std::get<config::Address>(config::parse_address(server_->addresses().at(1)));
  }

  [[nodiscard]] int status(const std::string& method, const std::string& path) const {
    const auto reply = call_admin(unix_address(), {.method = method, .path = path});
    return reply ? reply->status : 0;
  }

  [[nodiscard]] Descriptor connect() const { return test::connect_unix("unix:" + unix_path()); }

  void end() { server_.reset(); }

  [[nodiscard]] AdminServer& server() { return *server_; }

  // A reload whose `admin` is `settings`.
  [[nodiscard]] std::optional<ws::Error> reload(const AdminServer::Settings& settings) {
    AdminPlan plan(server_, target, log_);
    auto error = plan.prepare(settings, look_up(settings.admin));
    if (!error) {
      plan.commit();
    }
    return error;
  }

  [[nodiscard]] const AdminServer::Settings& settings() const { return settings_; }

  [[nodiscard]] std::string token_path() const { return directory_ / "token"; }

  // A change as a reload makes it.
  [[nodiscard]] std::optional<ws::Error> change(const config::Admin& admin) {
    return change(admin, look_up(admin));
  }

  [[nodiscard]] std::optional<ws::Error> change(const config::Admin& admin,
                                                const AdminPlaces& places) {
    auto error = server_->prepare({.admin = admin}, places);
    error ? server_->give_up() : server_->commit();
    return error;
  }

  PlayedTarget target;

 private:
  TempDir directory_;
  AdminServer::Settings settings_;
  Log log_{{.level = config::LogLevel::kError}};
  std::unique_ptr<AdminServer> server_;
};

void send_all(const Descriptor& to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Until the end, or nothing for `patience`.
std::string read_all(const Descriptor& from, std::chrono::milliseconds patience = 20s) {
  std::string text;
  std::array<char, 65536> bytes{};
  pollfd waited{.fd = from.get(), .events = POLLIN, .revents = 0};
  while (poll(&waited, 1, static_cast<int>(patience.count())) > 0) {
    const ssize_t size = recv(from.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) {
      break;
    }
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
  return text;
}

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
