// SPDX-License-Identifier: MIT
// Pings, pongs and what silence means.
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
using test::server_frame;
using test::trusting_options;

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("websocket: pings are answered, and pongs to ours are told (RFC 6455 5.5)",
          "[RFC6455-5.5.2-pong]") {
  ScriptedServer server(test::session([](ScriptPeer& peer) {
    peer.send(server_frame(0x89, "are you there"));
    peer.expect_frame(0x89, "mine");
    peer.expect_frame(0x8A, "are you there");
    peer.send(server_frame(0x8A, "mine"));
  }));
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK_FALSE(socket.ping(std::string(126, 'x')));
    CHECK(socket.ping("mine"));
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(client.events == Events{"open", "pong mine", "close 1000"});
}

TEST_CASE("websocket: a pong that was held back is sent when the server reads again",
          "[RFC6455-5.5.2-pong][CVE-pong-queue]") {
  ScriptedServer server(test::session([](ScriptPeer& peer) {
    // More than the kernel keeps of their pongs: the last one has to wait for room.
    std::string pings;
    for (int i = 0; i < 100'000; ++i) {
      pings += server_frame(0x89, std::string(125, 'p'));
    }
    peer.send(pings + server_frame(0x89, "last"));
    while (peer.read_frame().payload != "last") {
    }
  }));
  RecordingClient client(server.url(), trusting_options());
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(client.closed);
}

TEST_CASE("websocket: a keepalive ping is sent after silence, and its round trip measured") {
  ScriptedServer server(test::session([](ScriptPeer& peer) {
    const auto ping = peer.read_frame();
    peer.send(server_frame(0x8A, ping.payload));
    if (ping.first_byte != 0x89 || ping.payload.size() != 8) {
      throw std::runtime_error("no keepalive ping");
    }
  }));
  Options options = trusting_options();
  options.ping_interval = milliseconds(20);
  std::chrono::microseconds told{0};
  options.callbacks.on_round_trip = [&told](WebSocket&, std::chrono::microseconds round_trip) {
    told = round_trip;
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(client.closed);
  CHECK(told.count() > 0);
  CHECK(client.socket().ping_round_trip() == told);
}

TEST_CASE("websocket: keepalive pings come each interval, however long their timeout is") {
  std::chrono::steady_clock::duration needed{};
  ScriptedServer server(test::session([&needed](ScriptPeer& peer) {
    const auto began = std::chrono::steady_clock::now();
    for (int count = 0; count < 4; ++count) {
      peer.send(server_frame(0x8A, peer.read_frame().payload));
    }
    needed = std::chrono::steady_clock::now() - began;
  }));
  Options options = trusting_options();
  options.ping_interval = milliseconds(20);
  options.ping_timeout = milliseconds(8'000);
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(needed < milliseconds(8'000));
}

TEST_CASE("websocket: silence after a keepalive ping is an error with code ping timeout") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.ping_interval = milliseconds(20);
  options.ping_timeout = milliseconds(20);
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.error->phase == Phase::kOpen);
  CHECK(client.error->code == ErrorCode::kPingTimeout);
}

TEST_CASE("websocket: silence while paused is not the peer's (ping_timeout rests)") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    std::string all = peer.read_to_end();
    if (all.size() > 100) {
      throw std::runtime_error("pinged while paused");
    }
  });
  Options options = trusting_options();
  options.ping_interval = milliseconds(10);
  options.ping_timeout = milliseconds(10);
  options.callbacks.on_open = [](WebSocket& socket) { socket.pause(); };
  RecordingClient client(server.url(), options);
  bool is_over = false;
  Timer later(client.loop, [&] { is_over = true; });
  later.start(milliseconds(150));
  REQUIRE(client.run_until([&] { return is_over; }));
  CHECK(client.events == Events{"open"});
  client.websocket.reset();
  CHECK(server.failure().empty());
}

}  // namespace ws
