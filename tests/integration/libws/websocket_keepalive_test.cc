// SPDX-License-Identifier: MIT
// Keepalive pings of an open WebSocket over time.
#include <chrono>

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
using test::server_frame;
using test::trusting_options;

}  // namespace

TEST_CASE("websocket: keepalive pings come each interval, however long their timeout is") {
  std::chrono::steady_clock::duration needed{};
  ScriptedServer server([&needed](ScriptPeer& peer) {
    peer.accept_upgrade();
    const auto began = std::chrono::steady_clock::now();
    for (int count = 0; count < 4; ++count) {
      peer.send(server_frame(0x8A, peer.read_frame().payload));
    }
    needed = std::chrono::steady_clock::now() - began;
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.ping_interval = milliseconds(20);
  options.ping_timeout = milliseconds(8'000);
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
  CHECK(needed < milliseconds(8'000));
}

}  // namespace ws
