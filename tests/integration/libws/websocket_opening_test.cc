// SPDX-License-Identifier: MIT
// The opening of a WebSocket over real sockets: what is asked, which answers open it, and how each
// failure is told.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ws/websocket.h>

#include "net/connect_socket.h"
#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::server_text;
using test::trusting_options;

using Events = std::vector<std::string>;
using std::chrono::milliseconds;

Options quick_options(milliseconds connect_timeout) {
  Options options = trusting_options();
  options.connect_timeout = connect_timeout;
  return options;
}

// Answers an upgrade request with these bytes, then FIN.
ScriptedServer::Script answer(const std::string& bytes) {
  return [bytes](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send(bytes);
    peer.shutdown_write();
    peer.read_to_end();
  };
}

Error failure_of(RecordingClient& client) {
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.events == Events{"error"});
  CHECK(client.socket().state() == State::kClosed);
  return *client.error;
}

void run_to_close(RecordingClient& client, const Events& events) {
  REQUIRE(client.run());
  if (client.error) {
    FAIL_CHECK(client.error->message);
  }
  CHECK(client.events == events);
}

}  // namespace

TEST_CASE("websocket: opens on the 101 that answers its request (RFC 6455 1.3)",
          "[RFC6455-4.1-request][RFC6455-4.1-wait]") {
  std::string head;
  ScriptedServer server([&head](ScriptPeer& peer) {
    head = peer.accept_upgrade({}, "Sec-WebSocket-Protocol: chat.v1\r\nX-Served-By: one\r\n");
    peer.expect_frame(0x81, "hello");
    peer.send(server_text("hi") + server_close(1000, "bye"));
    peer.expect_frame(0x88, "\x03\xE8");
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.subprotocols = {"chat.v2", "chat.v1"};
  options.origin = "https://example.com";
  options.headers = {{"X-Tenant", "acme"}};
  options.callbacks.on_open = [&](WebSocket& socket) {
    CHECK(socket.state() == State::kOpen);
    CHECK(socket.subprotocol() == "chat.v1");
    CHECK(socket.response().status == 101);
    CHECK(*socket.response().find("x-served-by") == "one");
    CHECK(socket.remote_address() == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(socket.send("hello") == SendResult::kSent);
  };
  RecordingClient client("ws://127.0.0.1:" + std::to_string(server.port()) + "/room?x=1", options);
  CHECK(client.socket().state() == State::kConnecting);
  CHECK(client.socket().remote_address().empty());
  CHECK(client.socket().subprotocol().empty());
  CHECK(client.socket().send("too early") == SendResult::kRefused);
  run_to_close(client, {"open", "text hi", "close 1000"});
  CHECK(client.closed->reason == "bye");
  CHECK(client.closed->by_peer);
  CHECK(server.failure().empty());
  CHECK_THAT(head, StartsWith("GET /room?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" +
                              std::to_string(server.port()) + "\r\n"));
  CHECK_THAT(head, ContainsSubstring("\r\nSec-WebSocket-Protocol: chat.v2, chat.v1\r\n"));
  CHECK_THAT(head, ContainsSubstring("\r\nOrigin: https://example.com\r\n"));
  CHECK_THAT(head, ContainsSubstring("\r\nX-Tenant: acme\r\n"));
}

TEST_CASE("websocket: opens over TLS, too", "[RFC6455-4.1-tls]") {
  ScriptedServer server(
      [](ScriptPeer& peer) {
        peer.accept_upgrade(server_text("hi") + server_close(1000));
        peer.expect_frame(0x88, "\x03\xE8");
        peer.read_to_end();
      },
      test::test_certificates().good);
  RecordingClient client(server.url());
  run_to_close(client, {"open", "text hi", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: opens over a Unix socket with the URL's host in the request") {
  const std::string path = "@websocket-test-" + std::to_string(getpid());
  const net::Address address = net::unix_address(path).value();
  const net::Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                 address.length) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  std::string head;
  std::thread server([&] {
    ScriptPeer peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), std::nullopt);
    head = peer.accept_upgrade(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.unix_path = path;
  RecordingClient client("ws://chat.example/", options);
  run_to_close(client, {"open", "close 1000"});
  CHECK(client.socket().remote_address() == "unix:" + path);
  client.run_out();
  server.join();
  CHECK_THAT(head, ContainsSubstring("\r\nHost: chat.example\r\n"));
}

TEST_CASE("websocket: frames in the segment of the 101 come after on_open", "[HS-rest]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + server_text("two") + server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client(server.url());
  run_to_close(client, {"open", "text one", "text two", "close 1000"});
}

TEST_CASE("websocket: a 101 split at any byte opens it all the same", "[OWN-split-response]") {
  const std::string behind = server_text("hi") + server_close(1000);
  constexpr std::size_t rough_size = 140;
  for (std::size_t split = 1; split < rough_size; ++split) {
    ScriptedServer server([&](ScriptPeer& peer) {
      const std::string bytes = test::upgrade_response(peer.read_head()) + behind;
      const std::size_t at = std::min(split, bytes.size());
      peer.send(std::string_view(bytes).substr(0, at));
      peer.send(std::string_view(bytes).substr(at));
      peer.read_to_end();
    });
    RecordingClient client(server.url());
    INFO("split at " << split);
    run_to_close(client, {"open", "text hi", "close 1000"});
  }
}

TEST_CASE("websocket: a 101 that comes byte by byte opens it all the same",
          "[OWN-split-response]") {
  ScriptedServer server([&](ScriptPeer& peer) {
    const std::string bytes =
        test::upgrade_response(peer.read_head()) + server_text("hi") + server_close(1000);
    for (const char& byte : bytes) {
      peer.send({&byte, 1});
    }
    peer.read_to_end();
  });
  RecordingClient client(server.url());
  run_to_close(client, {"open", "text hi", "close 1000"});
}

TEST_CASE("websocket: a refusal carries status, headers and body",
          "[RFC6455-4.1-status][HS-refusal]") {
  ScriptedServer server(
      answer("HTTP/1.1 403 Forbidden\r\nX-Reason: quota\r\nContent-Length: 9\r\n\r\nno access"));
  RecordingClient client(server.url());
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  CHECK(error.code == ErrorCode::kHttpStatus);
  REQUIRE(error.response);
  CHECK(error.response->status == 403);
  CHECK(*error.response->find("x-reason") == "quota");
  CHECK(error.response->body == "no access");
  CHECK(error.message == "the server answered 403");
  CHECK(error.response->reason == "Forbidden");
  CHECK(client.socket().remote_address() == "127.0.0.1:" + std::to_string(server.port()));
}

TEST_CASE("websocket: a refusal whose body stops coming is told at the deadline", "[HS-refusal]") {
  ScriptedServer server([](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nback soon");
    peer.read_to_end();
  });
  RecordingClient client(server.url(), quick_options(milliseconds(200)));
  const Error error = failure_of(client);
  CHECK(error.code == ErrorCode::kHttpStatus);
  CHECK(error.response->status == 503);
  CHECK(error.response->body == "back soon");
}

TEST_CASE("websocket: a refusal whose body is cut by a reset is still that refusal") {
  ScriptedServer server([](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n");
    peer.reset();
  });
  RecordingClient client(server.url());
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  if (error.code == ErrorCode::kHttpStatus) {  // the reset may have overtaken the head
    CHECK(*error.response->find("retry-after") == "7");
  } else {
    CHECK(error.code == ErrorCode::kConnectionLost);
  }
}

TEST_CASE("websocket: answers that break RFC 6455 4.1 fail the handshake",
          "[CVE-missing-header][OWN-end-in-handshake]") {
  const auto [name, bytes] = GENERATE(table<std::string, std::string>({
      {"no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
      {"HTTP/1.0", "HTTP/1.0 101 Switching Protocols\r\n\r\n"},
      {"no headers", "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
      {"no accept",
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
      {"another key's accept",
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
      {"nothing, and FIN", ""},
      {"half a head", "HTTP/1.1 101 Switching"},
  }));
  INFO(name);
  ScriptedServer server(answer(bytes));
  RecordingClient client(server.url());
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  CHECK((error.code == ErrorCode::kHandshakeRejected || error.code == ErrorCode::kConnectionLost));
  CHECK_FALSE(error.message.empty());
}

TEST_CASE("websocket: a 101 with something that was not asked for fails the handshake",
          "[RFC6455-4.1-subprotocol][RFC6455-4.1-extension]") {
  const auto header = GENERATE(as<std::string>(), "Sec-WebSocket-Protocol: other\r\n",
                               "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                               "Upgrade: h2c\r\n", "Sec-WebSocket-Accept: again\r\n");
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade({}, header);
    peer.read_to_end();
  });
  RecordingClient client(server.url());
  CHECK(failure_of(client).code == ErrorCode::kHandshakeRejected);
}

TEST_CASE("websocket: a server that picks none of the subprotocols fails, unless that is allowed",
          "[HS-required-subprotocol]") {
  const auto require = GENERATE(false, true);
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.subprotocols = {"chat"};
  options.require_subprotocol = require;
  RecordingClient client(server.url(), options);
  if (require) {
    CHECK(failure_of(client).code == ErrorCode::kHandshakeRejected);
  } else {
    run_to_close(client, {"open", "close 1000"});
  }
}

TEST_CASE("websocket: a response head over max_header fails the handshake", "[HS-limits]") {
  ScriptedServer server(
      answer("HTTP/1.1 101 Switching Protocols\r\nX-Long: " + std::string(2000, 'x') + "\r\n\r\n"));
  Options options = trusting_options();
  options.max_header = 1024;
  RecordingClient client(server.url(), options);
  CHECK(failure_of(client).code == ErrorCode::kHandshakeRejected);
}

TEST_CASE("websocket: cookies that match go into one header (RFC 6265 5.4)", "[HS-cookie-header]") {
  std::string head;
  ScriptedServer server([&head](ScriptPeer& peer) {
    head = peer.accept_upgrade(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.cookie_jar = std::make_shared<CookieJar>();
  options.cookie_jar->add({.name = "session", .value = "abc", .domain = "localhost"});
  options.cookie_jar->add({.name = "old", .value = "1", .domain = "localhost", .expires = 1});
  options.cookie_jar->add({.name = "other", .value = "1", .domain = "example.com"});
  options.cookie_jar->add({.name = "tls", .value = "1", .domain = "localhost", .secure = true});
  RecordingClient client(server.url(), options);
  run_to_close(client, {"open", "close 1000"});
  CHECK(server.failure().empty());
  CHECK_THAT(head, ContainsSubstring("\r\nCookie: session=abc\r\n"));
}

TEST_CASE("websocket: a jar's file that has changed is read again for the request") {
  const test::TemporaryFile file("# Netscape HTTP Cookie File\n");
  std::string head;
  ScriptedServer server([&head](ScriptPeer& peer) {
    head = peer.accept_upgrade(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.cookie_jar = std::make_shared<CookieJar>();
  REQUIRE(options.cookie_jar->load(file.path()));
  std::ofstream(file.path()) << "localhost\tFALSE\t/\tFALSE\t0\ttoken\tnew\n";
  RecordingClient client(server.url(), options);
  run_to_close(client, {"open", "close 1000"});
  CHECK(server.failure().empty());
  CHECK_THAT(head, ContainsSubstring("\r\nCookie: token=new\r\n"));
}

}  // namespace ws
