// SPDX-License-Identifier: MIT
// How a WebSocket ends without a closing handshake, and who is told.
#include <cerrno>
#include <chrono>
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
using test::server_text;
using test::trusting_options;

using Events = std::vector<std::string>;

std::optional<test::Certificate> certificate_if(bool secure) {
  return secure ? std::optional(test::test_certificates().good) : std::nullopt;
}

void check_lost(RecordingClient& client, const Events& events) {
  REQUIRE(client.run());
  CHECK(client.events == events);
  REQUIRE(client.error);
  CHECK(client.error->phase == Phase::kOpen);
  CHECK(client.error->code == ErrorCode::kConnectionLost);
  CHECK(client.socket().state() == State::kClosed);
}

}  // namespace

TEST_CASE("websocket: a server that ends TCP without a Close has lost the connection (1006)",
          "[OWN-end-without-close][OWN-half-close][CVE-truncation][RFC6455-7.1.5-code]") {
  const auto secure = GENERATE(false, true);
  ScriptedServer server(
      [](ScriptPeer& peer) {
        peer.accept_upgrade(server_text("one"));
        peer.shutdown_write();  // over TLS: a truncation
        peer.read_to_end();
      },
      certificate_if(secure));
  RecordingClient client(server.url());
  check_lost(client, {"open", "text one", "error"});
  if (secure) {
    CHECK_THAT(client.error->message, ContainsSubstring("close_notify"));
  }
}

TEST_CASE("websocket: an end in the middle of a frame delivers nothing of it",
          "[OWN-end-in-frame][CVE-truncation]") {
  const auto cut = GENERATE(1U, 2U, 3U, 6U);
  ScriptedServer server([cut](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + server_text("cut off").substr(0, cut));
  });
  RecordingClient client(server.url());
  check_lost(client, {"open", "text one", "error"});
}

TEST_CASE("websocket: a reset is a lost connection, with its errno", "[OWN-reset]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, "go");
    peer.reset();
  });
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send("go") == SendResult::kSent);
  };
  RecordingClient client(server.url(), options);
  check_lost(client, {"open", "error"});
  CHECK(client.error->system_errno == ECONNRESET);
}

TEST_CASE("websocket: a Close that was received wins over a write that fails",
          "[OWN-reset][END-one-callback]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + server_close(1000));
    peer.reset();
  });
  Options options = trusting_options();
  options.callbacks.on_message = [](WebSocket& socket, const Message&) {
    CHECK(socket.send("into the void") == SendResult::kSent);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  // The reset may overtake the bytes before it; what it must not do is to hide a received Close.
  if (client.count("text one") == 1) {
    CHECK(client.events == Events{"open", "text one", "close 1000"});
  }
}

TEST_CASE("websocket: a connection lost while paused delivers what came before, then the error",
          "[OWN-reset][END-one-callback]") {
  ScriptedServer server(
      [](ScriptPeer& peer) { peer.accept_upgrade(server_text("one") + server_text("two")); });
  RecordingClient client;
  Timer resume(client.loop, [&] { client.socket().resume(); });
  Options options = trusting_options();
  options.callbacks.on_message = [&](WebSocket& socket, const Message&) {
    socket.pause();
    resume.start(milliseconds(20));
  };
  client.start(server.url(), options);
  check_lost(client, {"open", "text one", "text two", "error"});
}

TEST_CASE("websocket: after a lost connection buffered_amount() tells what was not sent") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.shutdown_write();
    peer.read_to_end();
  });
  Options options = trusting_options();
  std::size_t unsent = 0;
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send(std::string(std::size_t{40} << 20, 'x')) == SendResult::kQueued);
  };
  options.callbacks.on_error = [&](WebSocket& socket, const Error&) {
    unsent = socket.buffered_amount();
  };
  RecordingClient client(server.url(), options);
  check_lost(client, {"open", "error"});
  CHECK(unsent > 0);
  CHECK(unsent <= (std::size_t{40} << 20) + 14);
  client.websocket.reset();
}

TEST_CASE("websocket: a write that fails while paused hides nothing that was received") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + server_text("two"));
    peer.expect_frame(0x81, "go");
    peer.reset();
  });
  RecordingClient client;
  SendResult last = SendResult::kSent;
  // Writes until the failure has been noticed.
  Timer write(client.loop, [&] {
    last = client.socket().send("into the void");
    if (last == SendResult::kRefused) {
      CHECK(client.socket().state() == State::kClosing);
      CHECK(client.events == Events{"open", "text one"});
      client.socket().resume();
    } else {
      write.start(milliseconds(5));
    }
  });
  Options options = trusting_options();
  options.callbacks.on_message = [&](WebSocket& socket, const Message& message) {
    if (message.data == "one") {
      socket.pause();
      CHECK(socket.send("go") == SendResult::kSent);
      write.start(milliseconds(5));
    }
  };
  client.start(server.url(), options);
  check_lost(client, {"open", "text one", "text two", "error"});
  CHECK(last == SendResult::kRefused);
}

TEST_CASE("websocket: without on_error the failure is thrown by run() (and only then)") {
  ScriptedServer server([](ScriptPeer& peer) { peer.accept_upgrade(); });
  EventLoop loop;
  const WebSocket socket(loop, server.url());
  try {
    loop.run();
    FAIL("nothing was thrown");
  } catch (const Exception& exception) {
    CHECK(exception.error().code == ErrorCode::kConnectionLost);
    CHECK(exception.what() == exception.error().message);
  }
  loop.run();  // it runs again
  CHECK(socket.state() == State::kClosed);
}

TEST_CASE("websocket: without on_error a bad URL is thrown by run(), not by the constructor") {
  EventLoop loop;
  const WebSocket socket(loop, "http://example.com/");
  CHECK_THROWS_AS(loop.run(), Exception);
}

}  // namespace ws
