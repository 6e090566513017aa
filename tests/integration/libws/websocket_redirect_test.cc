// SPDX-License-Identifier: MIT
// Redirects, credentials and cookies of the opening, over real connections.
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <ws/websocket.h>

#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using std::chrono::milliseconds;
using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::SilentListener;
using test::trusting_options;

using Events = std::vector<std::string>;
using Script = ScriptedServer::Script;

void run_to_close(RecordingClient& client) {
  REQUIRE(client.run());
  if (client.error) {
    FAIL_CHECK(client.error->message);
  }
  CHECK(client.events == Events{"open", "close 1000"});
  client.run_out();  // until the server has seen the end
}

Error failure_of(RecordingClient& client) {
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.events == Events{"error"});
  return *client.error;
}

// Keeps the request's head, answers with this response, and waits for the client to leave.
Script respond(std::string& head, const std::string& response) {
  return [&head, response](ScriptPeer& peer) {
    head = peer.read_head();
    peer.send(response);
    try {
      peer.read_to_end();
    } catch (const std::runtime_error&) {  // a client that leaves with bytes unread resets
    }
  };
}

Script open(std::string& head) {
  return [&head](ScriptPeer& peer) {
    head = peer.accept_upgrade(server_close(1000));
    peer.read_to_end();
  };
}

std::string redirect(const std::string& location, const std::string& more = {}) {
  return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n" + more +
         "\r\n";
}

std::string field(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

Options following() {
  Options options = trusting_options();
  options.follow_redirects = 5;
  return options;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("websocket: a redirect on the same origin keeps credentials, cookies and a new key",
          "[CVE-redirect]") {
  std::string first;
  std::string second;
  ScriptedServer server(
      {respond(first, redirect("../next?x=1#part", "Set-Cookie: hop=1; Path=/\r\n")),
       open(second)});
  const std::string origin = "ws://localhost:" + std::to_string(server.port());
  Options options = following();
  options.basic_auth = {.user = "u", .password = "p"};
  options.headers = {{"X-Tenant", "acme"}};
  RecordingClient client(origin + "/a/b/c", options);
  run_to_close(client);
  CHECK(server.failure().empty());
  CHECK_THAT(second, StartsWith("GET /a/next?x=1 HTTP/1.1\r\n"));
  CHECK(field(first, "Authorization") == "Basic dTpw");
  CHECK(field(second, "Authorization") == "Basic dTpw");
  CHECK(field(second, "X-Tenant") == "acme");
  CHECK(field(first, "Cookie").empty());
  CHECK(field(second, "Cookie") == "hop=1");
  CHECK(field(first, "Sec-WebSocket-Key") != field(second, "Sec-WebSocket-Key"));
  CHECK(client.socket().url().target == "/a/next?x=1");
}

TEST_CASE("websocket: a redirect to a listed origin takes nothing of the first one's along",
          "[CVE-redirect]") {
  std::string first;
  std::string second;
  ScriptedServer target(open(second));
  const std::string origin = "http://localhost:" + std::to_string(target.port());
  ScriptedServer server(respond(first, redirect(origin + "/x", "Set-Cookie: a=1\r\n")));
  Options options = following();
  options.redirect_to = {origin};
  options.headers = {
      {"Authorization", "Bearer secret"}, {"X-Api-Key", "secret"}, {"User-Agent", "me"}};
  options.origin = "https://example.com";
  RecordingClient client(server.url(), options);
  run_to_close(client);
  CHECK(target.failure().empty());
  CHECK(server.failure().empty());
  CHECK(field(first, "Authorization") == "Bearer secret");
  CHECK_THAT(second, !ContainsSubstring("secret"));
  CHECK(field(second, "User-Agent") == "me");
  CHECK(field(second, "Origin") == "https://example.com");
  CHECK(field(second, "Host") == "localhost:" + std::to_string(target.port()));
  CHECK(field(second, "Cookie") == "a=1");  // RFC 6265 8.5: cookies know no ports
  CHECK(client.socket().url().port == target.port());
}

TEST_CASE("websocket: cookies are matched anew for another host", "[CVE-redirect]") {
  std::string first;
  std::string second;
  ScriptedServer target(open(second));
  const std::string origin = "ws://127.0.0.1:" + std::to_string(target.port());
  ScriptedServer server(respond(first, redirect(origin, "Set-Cookie: set=1\r\n")));
  Options options = following();
  options.redirect_to = {origin};
  options.cookie_jar = std::make_shared<CookieJar>();
  options.cookie_jar->add({.name = "home", .value = "1", .domain = "localhost"});
  options.cookie_jar->add({.name = "there", .value = "2", .domain = "127.0.0.1"});
  RecordingClient client(server.url(), options);
  run_to_close(client);
  CHECK(target.failure().empty());
  CHECK(server.failure().empty());
  CHECK(field(first, "Cookie") == "home=1");
  CHECK(field(second, "Cookie") == "there=2");
  CHECK(options.cookie_jar->size() == 2);
}

TEST_CASE("websocket: a redirect that is not allowed is an error with the response") {
  std::string head;
  std::string rule;
  std::string location;
  Options options = following();
  std::optional<test::Certificate> certificate;
  SECTION("to another origin") {
    location = "ws://other.example/";
    rule = "it leads to ws://other.example, which redirect_to does not list";
  }
  SECTION("from wss to ws, though it is listed") {
    certificate = test::test_certificates().good;
    location = "ws://other.example/";
    options.redirect_to = {location};
    rule = "it leads from wss to ws";
  }
  SECTION("without a Location that can be used") {
    location = "ftp://other.example/";
    rule = "its Location is neither an http nor a ws URL";
  }
  ScriptedServer server(respond(head, redirect(location)), certificate);
  RecordingClient client(server.url(), options);
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  CHECK(error.code == ErrorCode::kRedirectRefused);
  CHECK(error.message == "the server answered 302, a redirect that is not followed: " + rule);
  REQUIRE(error.response);
  CHECK(*error.response->find("location") == location);
}

TEST_CASE("websocket: redirects are refusals unless they shall be followed",
          "[CVE-redirect][RFC6455-4.1-status]") {
  std::string head;
  ScriptedServer server(respond(head, redirect("/x")));
  RecordingClient client(server.url());
  const Error error = failure_of(client);
  CHECK(error.code == ErrorCode::kHttpStatus);
  CHECK(error.response->status == 302);
}

TEST_CASE("websocket: circles and too many hops end", "[CVE-redirect]") {
  std::string head;
  SECTION("a circle") {
    ScriptedServer server({respond(head, redirect("/b")), respond(head, redirect("/a")),
                           respond(head, redirect("/b"))});
    RecordingClient client("ws://localhost:" + std::to_string(server.port()) + "/a", following());
    CHECK_THAT(failure_of(client).message, ContainsSubstring("goes round in circles"));
  }
  SECTION("a limit") {
    ScriptedServer server({respond(head, redirect("/1")), respond(head, redirect("/2")),
                           respond(head, redirect("/3"))});
    Options options = following();
    options.follow_redirects = 2;
    RecordingClient client(server.url(), options);
    const Error error = failure_of(client);
    CHECK(error.code == ErrorCode::kRedirectRefused);
    CHECK_THAT(error.message, ContainsSubstring("there were 2 before it already"));
  }
}

TEST_CASE("websocket: a redirect is followed before its body has ended, and a cut one, too") {
  std::string first;
  std::string second;
  const std::string length =
      GENERATE("Content-Length: 1000000", "Transfer-Encoding: chunked", "X: y");
  ScriptedServer server({respond(first, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\n" +
                                            length + "\r\n\r\n12345"),
                         open(second)});
  RecordingClient client(server.url(), following());
  run_to_close(client);
  CHECK(server.failure().empty());
  CHECK_THAT(second, StartsWith("GET /x "));
}

TEST_CASE("websocket: one deadline covers all hops", "[HS-deadline]") {
  const SilentListener silent;
  const std::string origin = "ws://localhost:" + std::to_string(silent.port());
  std::string head;
  ScriptedServer server(respond(head, redirect(origin)));
  Options options = following();
  options.redirect_to = {origin};
  options.connect_timeout = milliseconds(300);
  const auto begin = std::chrono::steady_clock::now();
  RecordingClient client(server.url(), options);
  const Error error = failure_of(client);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.phase == Phase::kHttp);
  CHECK_THAT(error.message, ContainsSubstring(std::to_string(silent.port())));
  const OpeningTimes times = client.socket().opening_times();
  CHECK(times.http.count() > 0);
  CHECK(times.resolve + times.connect + times.http >= milliseconds(250));
  CHECK(times.tls.count() == 0);
  CHECK(times.proxy.count() == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(299));
}

TEST_CASE("websocket: closed between two hops it ends without a callback") {
  const SilentListener silent;
  const std::string origin = "ws://localhost:" + std::to_string(silent.port());
  std::string head;
  ScriptedServer server(respond(head, redirect(origin)));
  Options options = following();
  options.redirect_to = {origin};
  RecordingClient client(server.url(), options);
  Timer soon(client.loop, [&] { client.websocket.reset(); });
  soon.start(milliseconds(50));
  client.run_out();
  CHECK(client.events.empty());
}

TEST_CASE("websocket: user and password of the URL go as Basic (RFC 7617 2)") {
  std::string head;
  ScriptedServer server(open(head));
  RecordingClient client("ws://Aladdin:open%20sesame@localhost:" + std::to_string(server.port()) +
                         "/");
  run_to_close(client);
  CHECK(server.failure().empty());
  CHECK(field(head, "Authorization") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("websocket: Set-Cookie of a 101, a refusal and a broken handshake live in the session",
          "[HS-set-cookie]") {
  const std::string kind = GENERATE("101", "403", "broken");
  std::string head;
  const Script script = [&](ScriptPeer& peer) {
    if (kind == "101") {
      peer.accept_upgrade(server_close(1000), "Set-Cookie: sid=1\r\nSet-Cookie: b=2; HttpOnly\r\n");
    } else {
      head = peer.read_head();
      peer.send("HTTP/1.1 " + std::string(kind == "403" ? "403 No" : "101 Yes") +
                "\r\nSet-Cookie: sid=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n");
    }
    peer.read_to_end();
  };
  std::string again;
  ScriptedServer server({script, open(again)});
  Options options = trusting_options();
  options.cookie_jar = std::make_shared<CookieJar>();
  options.cookie_jar->add({.name = "sid", .value = "0", .domain = "localhost"});
  options.session_cookies = std::make_shared<CookieJar>();
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.error.has_value() == (kind != "101"));
  client.websocket.reset();
  RecordingClient next(server.url(), options);
  run_to_close(next);
  CHECK(server.failure().empty());
  CHECK(field(again, "Cookie") == "sid=1; b=2");
  CHECK(options.cookie_jar->header_for(parse_url(server.url()).value(), 0) == "sid=0");
}

TEST_CASE("websocket: with store_cookies a server's cookies are in the jar and in its file") {
  const test::TemporaryFile file("# Netscape HTTP Cookie File\n");
  std::string head;
  ScriptedServer server(respond(head,
                                "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: sid=new; "
                                "Max-Age=600\r\nContent-Length: 0\r\n\r\n"));
  Options options = trusting_options();
  options.cookie_jar = std::make_shared<CookieJar>();
  REQUIRE(options.cookie_jar->load(file.path()));
  options.store_cookies = true;
  RecordingClient client(server.url(), options);
  CHECK(failure_of(client).response->status == 401);
  CHECK_THAT(read(file.path()), ContainsSubstring("localhost\tFALSE\t/\tFALSE\t"));
  CHECK_THAT(read(file.path()), ContainsSubstring("\tsid\tnew\n"));
  CHECK(options.cookie_jar->size() == 1);
  const std::size_t slash = file.path().rfind('/');
  (void)::remove(
      (file.path().substr(0, slash + 1) + "." + file.path().substr(slash + 1) + ".lock").c_str());
}

TEST_CASE("websocket: a Cookie header of the caller is all there is") {
  std::string first;
  std::string second;
  ScriptedServer server({respond(first, redirect("/x", "Set-Cookie: theirs=1\r\n")), open(second)});
  Options options = following();
  options.headers = {{"Cookie", "mine=1"}};
  RecordingClient client(server.url(), options);
  run_to_close(client);
  CHECK(server.failure().empty());
  CHECK(field(first, "Cookie") == "mine=1");
  CHECK(field(second, "Cookie") == "mine=1");
}

}  // namespace ws
