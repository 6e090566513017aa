// SPDX-License-Identifier: MIT
// Compression, messages told in chunks and messages written in pieces, on an open WebSocket. That
// the callback law holds there as well is run under AddressSanitizer.
#include <chrono>
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

using namespace std::string_literals;
using test::Deed;
using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::server_frame;
using test::server_text;
using test::trusting_options;

using Events = std::vector<std::string>;

constexpr std::string_view kClose1000 = "\x03\xE8";
constexpr std::string_view kAgreed = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
constexpr std::size_t kFragment = std::size_t{16} << 10;

// RFC 7692 section 7.2.3.1.
std::string compressed_hello() {
  return "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
}

void end(ScriptPeer& peer) {
  peer.send(server_close(1000));
  peer.expect_frame(0x88, kClose1000);
  peer.shutdown_write();
  peer.read_to_end();
}

Options compressing_options() {
  Options options = trusting_options();
  options.compression.enabled = true;
  options.compression.threshold = 5;
  return options;
}

std::string to_text(const MessageChunk& chunk) {
  return (chunk.is_first ? "<" : "") + std::string(chunk.data) + (chunk.is_last ? ">" : "");
}

std::optional<test::Certificate> certificate(bool is_secure) {
  return is_secure ? std::optional(test::test_certificates().good) : std::nullopt;
}

}  // namespace

TEST_CASE("websocket: compression that was agreed on is used both ways (RFC 7692)",
          "[RFC7692-6.1-fragments][RFC7692-7.2.1-tail]") {
  std::string request;
  ScriptedServer server([&request](ScriptPeer& peer) {
    request = peer.accept_upgrade(server_frame(0xC1, compressed_hello()), kAgreed);
    peer.expect_frame(0xC1, compressed_hello());
    peer.expect_frame(0x81, "Hell");
    peer.expect_frame(0x81, "Hello");  // asked for plain
    peer.expect_frame(0xC2, "\xf2\x00\x11\x00\x00"s);
    end(peer);
  });
  Options options = compressing_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.is_compression_agreed());
    CHECK(socket.send("Hello") == SendResult::kSent);
    CHECK(socket.send("Hell") == SendResult::kSent);
    CHECK(socket.send("Hello", {.compress = false}) == SendResult::kSent);
    CHECK(socket.send_binary(std::as_bytes(std::span("Hello", 5))) == SendResult::kSent);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "text Hello", "close 1000"});
  CHECK(server.failure().empty());
  CHECK_THAT(request, ContainsSubstring("permessage-deflate; client_max_window_bits\r\n"));
}

TEST_CASE("websocket: a server that declines compression gets and sends plain messages",
          "[RFC7692-7.1-declined]") {
  int answer = 0;
  ScriptedServer server([&answer](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, "Hello");
    peer.send(server_frame(0xC1, compressed_hello()));
    answer = peer.read_frame().first_byte;
  });
  Options options = compressing_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK_FALSE(socket.is_compression_agreed());
    CHECK(socket.send("Hello") == SendResult::kSent);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.error->code == ErrorCode::kProtocolViolation);
  CHECK(server.failure().empty());
  CHECK(answer == 0x88);
}

TEST_CASE("websocket: a compressed message that does not inflate ends with 1007",
          "[RFC7692-7.2.2-corrupt]") {
  std::string answer;
  ScriptedServer server([&answer](ScriptPeer& peer) {
    peer.accept_upgrade(server_frame(0xC1, "\x07"), kAgreed);
    answer = peer.read_frame().payload.substr(0, 2);
  });
  RecordingClient client(server.url(), compressing_options());
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.error->code == ErrorCode::kInvalidCompression);
  CHECK(server.failure().empty());
  CHECK(answer == "\x03\xEF");
}

TEST_CASE("websocket: on_message_chunk gets messages in pieces instead of on_message") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_frame(0x01, "Hel") + server_frame(0x80, "lo") + server_text("x") +
                            server_frame(0x42, compressed_hello()) + server_frame(0x80, ""),
                        kAgreed);
    end(peer);
  });
  Options options = compressing_options();
  Events chunks;
  options.callbacks.on_message_chunk = [&](WebSocket&, const MessageChunk& chunk) {
    chunks.push_back(to_text(chunk));
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(chunks == Events{"<Hel", "lo>", "<x>", "<Hello", ">"});
  CHECK(client.events == Events{"open", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: on_message_chunk replaced within a message counts from the next one") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_frame(0x01, "a") + server_frame(0x00, "b") +
                        server_frame(0x80, "c") + server_text("d") + server_text("e"));
    end(peer);
  });
  Events chunks;
  RecordingClient client(server.url());
  client.socket().callbacks().on_message_chunk = [&](WebSocket& socket, const MessageChunk& chunk) {
    chunks.push_back(to_text(chunk));
    socket.callbacks().on_message_chunk = nullptr;  // the rest of this message is dropped
  };
  REQUIRE(client.run());
  CHECK(chunks == Events{"<a"});
  CHECK(client.events == Events{"open", "text d", "text e", "close 1000"});
}

TEST_CASE("websocket: in on_message_chunk anything may be done to the WebSocket",
          "[CVE-reentrancy]") {
  const auto deed = GENERATE(Deed::kDestroy, Deed::kAbort, Deed::kClose, Deed::kThrow, Deed::kPause,
                             Deed::kSend, Deed::kReplace);
  const auto is_secure = GENERATE(false, true);
  const auto is_compressed = GENERATE(false, true);
  INFO("deed " << static_cast<int>(deed) << ", TLS " << is_secure << ", compressed "
               << is_compressed);
  // With much of the message still to be inflated, or to be read, and a message behind it.
  ScriptedServer server(
      [&](ScriptPeer& peer) {
        std::string frames = server_frame(0x02, "a") + server_frame(0x80, "b") + server_text("c");
        if (is_compressed) {
          frames = server_frame(0x42,
                                "\x00\x01\x00\xfe\xff"
                                "a\x00\x00\x00\xff\xff"s) +
                   server_frame(0x80,
                                "\x00\x01\x00\xfe\xff"
                                "b\x00"s) +
                   server_text("c");
        }
        peer.accept_upgrade(frames, is_compressed ? kAgreed : "");
        peer.take_all_and_close();
      },
      certificate(is_secure));
  RecordingClient client;
  Events chunks;
  bool is_done = false;
  Options options = compressing_options();
  options.callbacks.on_message = [](WebSocket& socket, const Message&) { socket.close(); };
  client.start(server.url(), options);
  client.socket().callbacks().on_message_chunk = [&](WebSocket& socket, const MessageChunk& chunk) {
    chunks.push_back(to_text(chunk));
    if (std::exchange(is_done, true)) {
      if (chunk.data == "c") {
        socket.close();
      }
      return;
    }
    perform(
        deed, client, [&] { CHECK(chunks == Events{"<a"}); },
        [&] { socket.callbacks().on_message_chunk = nullptr; });
  };
  client.loop.run();
  if (deed == Deed::kThrow) {
    REQUIRE(client.error);
    CHECK(client.error->code == ErrorCode::kCallbackThrew);
  } else {
    CHECK_FALSE(client.error);
    CHECK(client.closed.has_value() == (deed != Deed::kDestroy && deed != Deed::kAbort));
  }
  const bool goes_on = deed == Deed::kClose || deed == Deed::kPause || deed == Deed::kSend;
  CHECK(chunks == (goes_on ? Events{"<a", "b>", "<c>"} : Events{"<a"}));
}

TEST_CASE("websocket: a message written in pieces leaves in frames and keeps others out",
          "[RFC6455-5.4-send]") {
  const std::string long_piece(kFragment, 'x');
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x01, long_piece);
    peer.expect_frame(0x89, "?");
    peer.expect_frame(0x80, "end");
    peer.expect_frame(0x82, "next");
    end(peer);
  });
  Options options = trusting_options();
  options.send_high_water = 100;
  options.callbacks.on_open = [&](WebSocket& socket) {
    auto writer = socket.start_message(MessageType::kText);
    CHECK(writer.is_open());
    CHECK(writer.write(long_piece) == SendResult::kQueued);
    CHECK(socket.send("other") == SendResult::kRefused);
    CHECK_FALSE(socket.start_message(MessageType::kText).is_open());
    CHECK(socket.ping("?"));
    MessageWriter moved = std::move(writer);
    CHECK(writer.write("nothing") == SendResult::kRefused);  // NOLINT(bugprone-use-after-move)
    CHECK(moved.write("\xff") == SendResult::kInvalidUtf8);
    CHECK(moved.write("end") == SendResult::kQueued);
    CHECK(moved.finish() == SendResult::kQueued);
    CHECK_FALSE(moved.is_open());
    CHECK(moved.finish() == SendResult::kRefused);
    moved = socket.start_message(MessageType::kBinary);
    CHECK(moved.write(std::as_bytes(std::span("next", 4))) == SendResult::kQueued);
    CHECK(moved.finish() == SendResult::kQueued);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.closed);
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a writer is refused above send_limit, and may try again") {
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x02, std::string(kFragment, 'x'));
    peer.expect_frame(0x80, std::string(kFragment - 1, 'y'));
    end(peer);
  });
  Options options = trusting_options();
  options.send_high_water = 100;
  options.send_limit = 2 * kFragment;
  MessageWriter writer;
  options.callbacks.on_open = [&](WebSocket& socket) {
    writer = socket.start_message(MessageType::kBinary);
    CHECK(writer.write(std::string(kFragment, 'x')) == SendResult::kQueued);
    CHECK(writer.write(std::string(kFragment - 1, 'y')) == SendResult::kRefused);
  };
  options.callbacks.on_drain = [&](WebSocket&) {
    if (writer.is_open()) {
      CHECK(writer.write(std::string(kFragment - 1, 'y')) == SendResult::kSent);
      CHECK(writer.finish() == SendResult::kQueued);
    }
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.closed);
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a writer that is dropped half-way ends the connection with 1011") {
  std::string close;
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.expect_frame(0x81, "whole");
    peer.expect_frame(0x01, std::string(kFragment, 'x'));
    close = peer.read_frame().payload;
    peer.send(server_close(1011));
    peer.shutdown_write();
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    { CHECK(socket.start_message(MessageType::kText).write("not begun") == SendResult::kSent); }
    CHECK(socket.send("whole") == SendResult::kSent);
    CHECK(socket.start_message(MessageType::kText).write(std::string(kFragment, 'x')) ==
          SendResult::kSent);
    CHECK(socket.state() == State::kClosing);
    CHECK(socket.send("more") == SendResult::kRefused);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  REQUIRE(client.closed);
  CHECK(client.closed->code == 1011);
  CHECK(close == "\x03\xF3unfinished message");
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a writer outlives its WebSocket, and refuses everything then") {
  ScriptedServer server([](ScriptPeer& peer) { peer.accept_upgrade(); });
  RecordingClient client;
  MessageWriter writer;
  Options options = trusting_options();
  options.callbacks.on_open = [&](WebSocket& socket) {
    writer = socket.start_message(MessageType::kText);
    CHECK(writer.write("x") == SendResult::kSent);
    client.websocket.reset();
  };
  client.start(server.url(), options);
  CHECK_FALSE(client.socket().start_message(MessageType::kText).is_open());  // not open yet
  client.loop.run();
  CHECK_FALSE(writer.is_open());
  CHECK(writer.write("y") == SendResult::kRefused);
  CHECK(writer.finish() == SendResult::kRefused);
}

}  // namespace ws
