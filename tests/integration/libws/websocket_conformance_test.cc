// SPDX-License-Identifier: MIT
// Duties of a client that only show over a socket: how it ends when the server does not read or
// does not leave. The other duties are in the tests of what keeps them; see tests/conformance.
#include <chrono>
#include <future>
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

// More than the kernel takes on both sides of a connection.
constexpr std::size_t kBlockingSize = std::size_t{40} << 20;
// Its header (RFC 6455 section 5.2): two bytes, a length of eight and the mask key.
constexpr std::size_t kHeaderSize = 14;

Options blocked_on_open(milliseconds close_timeout) {
  Options options = trusting_options();
  options.close_timeout = close_timeout;
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send(std::string(kBlockingSize, 'x')) == SendResult::kQueued);
  };
  return options;
}

}  // namespace

TEST_CASE("websocket: the answer to a Close waits behind a blocked queue (RFC 6455 5.5.1)",
          "[OWN-blocked-close][RFC6455-5.5.1-answer]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    (void)peer.read_exactly(1);  // so there is something queued
    peer.send(server_text("late") + server_close(4000, "enough"));
    (void)peer.read_exactly(kHeaderSize + kBlockingSize - 1);
    peer.expect_frame(0x88, "\x0F\xA0");
    peer.read_to_end();  // throws on a reset
  });
  RecordingClient client(server.url(), blocked_on_open(milliseconds(10'000)));
  REQUIRE(client.run());
  CHECK(client.count("text late") == 1);
  CHECK(client.events.back() == "close 4000");
  client.run_out();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: after the server's Close its FIN is awaited, at most the close timeout",
          "[END-wait-fin][RFC6455-7.1.1-tcp]") {
  std::promise<void> left;
  ScriptedServer server([&left](ScriptPeer& peer) {
    peer.accept_upgrade(server_close(1000));
    peer.expect_frame(0x88, "\x03\xE8");
    left.get_future().wait();
  });
  Options options = trusting_options();
  options.close_timeout = milliseconds(50);
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "close 1000"});
  client.run_out();  // comes back: nothing waits for the server any more
  left.set_value();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: after a failure a blocked flush is given up at the close timeout",
          "[END-fail-fin][RFC6455-7.1.7-fail]") {
  std::promise<void> left;
  ScriptedServer server([&left](ScriptPeer& peer) {
    peer.accept_upgrade();
    (void)peer.read_exactly(1);
    peer.send("\xC1\x01x");  // a reserved bit; and then it reads nothing and stays
    left.get_future().wait();
  });
  RecordingClient client(server.url(), blocked_on_open(milliseconds(50)));
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "error"});
  CHECK(client.error->code == ErrorCode::kProtocolViolation);
  client.run_out();  // comes back: the Close is not waited for any more
  left.set_value();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: after a failure the server's FIN is awaited, and nothing it sends matters",
          "[END-fail-fin][END-discard][END-no-reset]") {
  std::string answer;
  ScriptedServer server([&answer](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.send("\xC1\x01x" + server_text(std::string(std::size_t{1} << 20, 'n')));
    answer = peer.read_frame().payload.substr(0, 2);
    peer.send(server_text("never") + server_close(1000));
    peer.shutdown_write();
    peer.read_to_end();  // throws on a reset
  });
  RecordingClient client(server.url());
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "error"});
  client.run_out();
  CHECK(server.failure().empty());
  CHECK(answer == "\x03\xEA");
}

}  // namespace ws
