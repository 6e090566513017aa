// SPDX-License-Identifier: MIT
// Many messages in one call: what is taken, what is said, and what reaches the server.
#include <string>
#include <string_view>
#include <vector>

#include <ws/websocket.h>

#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::trusting_options;
using Messages = std::vector<std::string_view>;

void finish(ScriptPeer& peer) {
  peer.expect_frame(0x88, "\x03\xE8");
  peer.send(server_close(1000));
  peer.read_to_end();
}

}  // namespace

TEST_CASE(
    "websocket: a batch goes out in order, and is refused before the opening and after close") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, "one");
    peer.expect_frame(0x81, "");
    peer.expect_frame(0x81, std::string(70'000, 'x'));
    peer.expect_frame(0x82, "\xff");
    finish(peer);
  });
  const std::string long_text(70'000, 'x');
  Options options = trusting_options();
  options.callbacks.on_open = [&](WebSocket& socket) {
    const BatchResult texts = socket.send_batch(MessageType::kText, Messages{"one", "", long_text});
    CHECK(texts.taken == 3);
    CHECK(texts.result == SendResult::kSent);
    CHECK_FALSE(texts.is_queued);
    CHECK(socket.send_batch(MessageType::kBinary, Messages{"\xff"}).taken == 1);
    const BatchResult none = socket.send_batch(MessageType::kText, {});
    CHECK(none.taken == 0);
    CHECK(none.result == SendResult::kSent);
    socket.close();
    CHECK(socket.send_batch(MessageType::kText, Messages{"late"}).result == SendResult::kRefused);
  };
  RecordingClient client(server.url(), options);
  const BatchResult early = client.socket().send_batch(MessageType::kText, Messages{"early"});
  CHECK(early.taken == 0);
  CHECK(early.result == SendResult::kRefused);
  REQUIRE(client.run());
  CHECK(client.events == std::vector<std::string>{"open", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a batch goes on above send_high_water and ends at send_limit") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, std::string(100, 'a'));
    peer.expect_frame(0x81, std::string(100, 'b'));
    peer.expect_frame(0x81, "d");
    finish(peer);
  });
  const std::string a(100, 'a');
  const std::string b(100, 'b');
  Options options = trusting_options();
  options.send_high_water = 150;
  options.send_limit = 230;
  options.callbacks.on_open = [&](WebSocket& socket) {
    // A frame of 100 bytes takes 106 (RFC 6455 5.2), and the longest header must fit.
    const BatchResult batch = socket.send_batch(MessageType::kText, Messages{a, b, "ccccc", "d"});
    CHECK(batch.taken == 2);
    CHECK(batch.result == SendResult::kRefused);
    CHECK(batch.is_queued);
    CHECK(socket.buffered_amount() == 212);
    const BatchResult refused = socket.send_batch(MessageType::kText, Messages{"ccccc"});
    CHECK_FALSE(refused.is_queued);
    const BatchResult rest = socket.send_batch(MessageType::kText, Messages{"d"});
    CHECK(rest.taken == 1);
    CHECK(rest.result == SendResult::kQueued);
    CHECK(rest.is_queued);
  };
  options.callbacks.on_drain = [](WebSocket& socket) { socket.close(); };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == std::vector<std::string>{"open", "drain", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a batch ends before text that is not UTF-8 (RFC 6455 5.6)",
          "[RFC6455-5.6-text]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, "one");
    peer.expect_frame(0x81, "three");
    finish(peer);
  });
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    const Messages messages = {"one", "\xC3\x28", "three"};
    const BatchResult batch = socket.send_batch(MessageType::kText, messages);
    CHECK(batch.taken == 1);
    CHECK(batch.result == SendResult::kInvalidUtf8);
    const auto rest = std::span(messages).subspan(2);
    CHECK(socket.send_batch(MessageType::kText, rest).taken == 1);
    socket.close();
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
}

}  // namespace ws
