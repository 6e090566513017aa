// SPDX-License-Identifier: MIT
// What a WebSocket holds in its buffers, and what a loop reads at a time.
#include <string>
#include <vector>

#include <ws/websocket.h>

#include "support/catch.h"
#include "support/echo_server.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using test::EchoServer;
using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::server_frame;
using test::server_text;
using test::trusting_options;

}  // namespace

TEST_CASE("websocket: on_read_end comes once a read, behind its messages") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.send(server_text("a") + server_text("b") + server_frame(0x01, "c"));
    peer.expect_frame(0x81, "go on");
    peer.send(server_frame(0x80, "d") + server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client;
  std::vector<std::string> told;
  Options options = trusting_options();
  options.callbacks.on_message = [&](WebSocket&, const Message& message) {
    told.emplace_back(message.data);
  };
  options.callbacks.on_read_end = [&](WebSocket& socket) {
    const bool is_unfinished = socket.buffer_memory().input > 0;
    if (is_unfinished && told.back() != "unfinished") {
      told.emplace_back("unfinished");
      CHECK(socket.send("go on") == SendResult::kSent);
      CHECK(socket.buffer_memory().output > 0);
    }
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  CHECK(told == std::vector<std::string>{"a", "b", "unfinished", "cd"});
  CHECK(client.socket().buffer_memory().input == 0);
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: what waits for resume() is counted, and moves on") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.send(server_text("first") + server_text(std::string(1000, 'x')));
    peer.expect_frame(0x88, "\x03\xE8");
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client;
  std::size_t held = 0;
  int messages = 0;
  Options options = trusting_options();
  Timer resume(client.loop, [&] {
    held = client.socket().buffer_memory().input;
    client.socket().resume();
  });
  options.callbacks.on_message = [&](WebSocket& socket, const Message&) {
    if (++messages == 1) {
      socket.pause();
      resume.start(std::chrono::milliseconds(1));
    } else {
      socket.close();
    }
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  CHECK(messages == 2);
  CHECK(server.failure().empty());
  CHECK((held == 0 || held >= 1000));  // all of it was in the same read, or none
}

TEST_CASE("event loop: set_read_size() bounds each read, within its own bounds") {
  const std::string large(std::size_t{64} << 10, 'x');
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{1} << 30}) {
    CAPTURE(size);
    RecordingClient client;
    client.loop.set_read_size(size);
    const EchoServer server(client.loop);
    std::uint64_t seen = 0;
    std::uint64_t largest = 0;
    Options options = trusting_options();
    options.callbacks.on_open = [&](WebSocket& socket) {
      CHECK(socket.send(large) != SendResult::kRefused);
    };
    options.callbacks.on_read_end = [&](WebSocket& socket) {
      largest = std::max(largest, socket.received_bytes() - seen);
      seen = socket.received_bytes();
    };
    options.callbacks.on_message = [&](WebSocket& socket, const Message& message) {
      CHECK(message.data == large);
      socket.close();
    };
    client.start(server.url(), options);
    REQUIRE(client.run());
    CHECK(seen == large.size());
    CHECK(largest <= std::max<std::size_t>(size, 1024));
  }
}

TEST_CASE("websocket: a pong that was held back is sent when the server reads again",
          "[RFC6455-5.5.2-pong][CVE-pong-queue]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    // More than the kernel keeps of their pongs: the last one has to wait for room.
    std::string pings;
    for (int i = 0; i < 100'000; ++i) {
      pings += server_frame(0x89, std::string(125, 'p'));
    }
    peer.send(pings + server_frame(0x89, "last"));
    while (peer.read_frame().payload != "last") {
    }
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client(server.url(), trusting_options());
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(client.closed);
}

}  // namespace ws
