// SPDX-License-Identifier: MIT
// Callbacks::on_messages on an open WebSocket: what comes together, and that anything may be done
// in it (under AddressSanitizer).
#include <memory>
#include <string>
#include <vector>

#include <ws/websocket.h>

#include "support/callback_deed.h"
#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using test::Deed;
using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_frame;
using test::server_text;

using Events = std::vector<std::string>;

// All in one write with the response: two messages, a ping, one in pieces, two more.
std::string frames() {
  return server_text("a") + server_frame(0x82, "b") + server_frame(0x8a, "pong") +
         server_frame(0x01, "c") + server_frame(0x80, "d") + server_text("e") + server_text("f");
}

void talk(ScriptPeer& peer) {
  peer.accept_upgrade(frames());
  peer.take_all_and_close();
}

// Appends "<a b>" for two that came together.
void note(Events& events, std::span<const Message> messages) {
  std::string text;
  for (const Message& message : messages) {
    text += (text.empty() ? "<" : " ") + std::string(message.data);
  }
  events.push_back(text + ">");
}

}  // namespace

TEST_CASE("websocket: on_messages gets messages together, and other events between them") {
  ScriptedServer server(talk);
  RecordingClient client;
  client.start(server.url());
  client.socket().callbacks().on_messages = [&](WebSocket& socket,
                                                std::span<const Message> messages) {
    note(client.events, messages);
    CHECK((messages.back().type == MessageType::kBinary) == (messages.back().data == "b"));
    if (messages.back().data == "f") {
      socket.close();
    }
  };
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "<a b>", "pong pong", "<cd>", "<e f>", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: in on_messages anything may be done to the WebSocket", "[CVE-reentrancy]") {
  const auto deed = GENERATE(Deed::kDestroy, Deed::kAbort, Deed::kClose, Deed::kThrow, Deed::kPause,
                             Deed::kSend, Deed::kReplace);
  const auto is_secure = GENERATE(false, true);
  INFO("deed " << static_cast<int>(deed) << ", TLS " << is_secure);
  ScriptedServer server(talk,
                        is_secure ? std::optional(test::test_certificates().good) : std::nullopt);
  RecordingClient client;
  Events told;
  bool is_done = false;
  Options options = test::trusting_options();
  options.callbacks.on_message = [](WebSocket& socket, const Message& message) {
    if (message.data == "f") {
      socket.close();
    }
  };
  client.start(server.url(), options);
  client.socket().callbacks().on_messages = [&](WebSocket& socket,
                                                std::span<const Message> messages) {
    note(told, messages);
    if (messages.back().data == "f") {
      socket.close();
    }
    if (std::exchange(is_done, true)) {
      return;
    }
    const auto when_paused = [&] {
      CHECK(told == Events{"<a b>"});
      CHECK(client.count("pong pong") == 0);
    };
    perform(deed, client, when_paused, [&] { socket.callbacks().on_messages = nullptr; });
  };
  client.loop.run();
  CHECK(client.error.has_value() == (deed == Deed::kThrow));
  const bool is_silent = deed == Deed::kDestroy || deed == Deed::kAbort || deed == Deed::kThrow;
  CHECK(client.closed.has_value() == !is_silent);
  CHECK(client.count("pong pong") == (is_silent ? 0 : 1));
  if (is_silent) {
    CHECK(told == Events{"<a b>"});
  } else if (deed == Deed::kReplace) {
    CHECK(told == Events{"<a b>"});
    CHECK(client.count("text cd") + client.count("text e") + client.count("text f") == 3);
  } else {
    CHECK(told == Events{"<a b>", "<cd>", "<e f>"});
  }
}

TEST_CASE("websocket: on_message_chunk that is set in on_messages goes before it") {
  ScriptedServer server(talk);
  RecordingClient client;
  Events told;
  client.start(server.url());
  client.socket().callbacks().on_messages = [&](WebSocket& socket,
                                                std::span<const Message> messages) {
    note(told, messages);
    socket.callbacks().on_message_chunk = [&](WebSocket& same, const MessageChunk& chunk) {
      told.emplace_back(chunk.data);
      if (chunk.data == "f") {
        same.close();
      }
    };
  };
  REQUIRE(client.run());
  CHECK(told == Events{"<a b>", "c", "d", "e", "f"});
  CHECK(client.count("pong pong") == 1);
  CHECK(client.count("close 1000") == 1);
}

}  // namespace ws
