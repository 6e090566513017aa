// SPDX-License-Identifier: MIT
// How a WebSocket ends: closing handshakes, violations, and silence.
#include <chrono>
#include <future>
#include <semaphore>
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
using test::server_frame;
using test::server_text;
using test::trusting_options;

using Events = std::vector<std::string>;

constexpr std::string_view kClose1000 = "\x03\xE8";

std::optional<test::Certificate> certificate_if(bool secure) {
  return secure ? std::optional(test::test_certificates().good) : std::nullopt;
}

Options closing_on_open(milliseconds close_timeout) {
  Options options = trusting_options();
  options.close_timeout = close_timeout;
  options.callbacks.on_open = [](WebSocket& socket) { socket.close(1000, "done"); };
  return options;
}

}  // namespace

TEST_CASE("websocket: the server's Close is answered with its code (RFC 6455 5.5.1)",
          "[RFC6455-5.5.1-answer][RFC6455-7.1.6-reason][END-one-callback]") {
  const auto secure = GENERATE(false, true);
  ScriptedServer server(
      [](ScriptPeer& peer) {
        peer.accept_upgrade();
        peer.send(server_close(4001, "logged out"));
        peer.expect_frame(0x88, "\x0F\xA1");
        peer.read_to_end();
      },
      certificate_if(secure));
  RecordingClient client(server.url());
  REQUIRE(client.run());
  REQUIRE(client.closed);
  CHECK(client.closed->code == 4001);
  CHECK(client.closed->reason == "logged out");
  CHECK(client.closed->by_peer);
  client.run_out();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: close() delivers what still comes, up to the server's Close",
          "[END-keep-reading][END-no-reset][RFC6455-5.5.1-silence][RFC6455-7.1.1-tcp]") {
  const auto secure = GENERATE(false, true);
  ScriptedServer server(
      [](ScriptPeer& peer) {
        peer.accept_upgrade();
        peer.expect_frame(0x81, "before");
        peer.expect_frame(0x88, std::string(kClose1000) + "done");
        peer.send(server_text("late") + server_close(1000) + server_text("too late"));
        peer.read_to_end();
      },
      certificate_if(secure));
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send("before") == SendResult::kSent);
    socket.close(1000, "done");
    CHECK(socket.state() == State::kClosing);
    CHECK(socket.send("after") == SendResult::kRefused);
    socket.close(4000, "again");  // does nothing
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "text late", "close 1000"});
  CHECK_FALSE(client.closed->by_peer);
  client.run_out();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a Close without a code is reported as 1005 (RFC 6455 7.1.5)",
          "[RFC6455-7.1.5-code]") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade();
    peer.send(server_frame(0x88, ""));
    peer.expect_frame(0x88, "");
    peer.read_to_end();
  });
  RecordingClient client(server.url());
  REQUIRE(client.run());
  REQUIRE(client.closed);
  CHECK(client.closed->code == kCloseNoStatus);
  client.run_out();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a protocol violation is answered with its Close code and is an error",
          "[RFC6455-7.1.7-fail][END-fail-fin][END-discard][CVE-judged-frame]") {
  const auto [name, bytes, code,
              close] = GENERATE(table<std::string, std::string, ErrorCode, std::string>({
      {"a reserved bit", "\xC1\x01x", ErrorCode::kProtocolViolation, "\x03\xEA"},
      {"a masked frame", std::string("\x81\x81\0\0\0\0x", 7), ErrorCode::kProtocolViolation,
       "\x03\xEA"},
      {"bad UTF-8", "\x81\x01\xFF", ErrorCode::kInvalidUtf8, "\x03\xEF"},
      {"a long message", server_text(std::string(101, 'x')), ErrorCode::kMessageTooBig, "\x03\xF1"},
  }));
  INFO(name);
  std::string answer;
  ScriptedServer server([&, violation = bytes](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + violation + server_text("never"));
    answer = peer.read_frame().payload.substr(0, 2);
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.max_message = 100;
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "text one", "error"});
  REQUIRE(client.error);
  CHECK(client.error->phase == Phase::kOpen);
  CHECK(client.error->code == code);
  client.run_out();
  CHECK(server.failure().empty());
  CHECK(answer == close);
}

TEST_CASE("websocket: a server that never answers our Close ends with the close timeout",
          "[OWN-no-answer]") {
  const auto secure = GENERATE(false, true);
  ScriptedServer server(
      [](ScriptPeer& peer) {
        peer.accept_upgrade();
        peer.read_to_end();
      },
      certificate_if(secure));
  RecordingClient client(server.url(), closing_on_open(milliseconds(50)));
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "error"});
  CHECK(client.error->phase == Phase::kOpen);
  CHECK(client.error->code == ErrorCode::kTimeout);
}

TEST_CASE("websocket: the close timeout counts from our Close on, not from what is queued before",
          "[OWN-blocked-close]") {
  constexpr std::size_t piece_size = std::size_t{1} << 20;
  constexpr std::size_t piece_count = 40;
  std::counting_semaphore<> permits(0);
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    for (std::size_t i = 0; i < piece_count; ++i) {
      permits.acquire();
      (void)peer.read_exactly(piece_size + 14);  // the header of RFC 6455 5.2 with its mask key
    }
    peer.expect_frame(0x88, kClose1000);
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.close_timeout = milliseconds(1500);
  options.callbacks.on_open = [&](WebSocket& socket) {
    const std::string piece(piece_size, 'x');
    for (std::size_t i = 0; i < piece_count; ++i) {
      CHECK(socket.send(piece) != SendResult::kRefused);
    }
    socket.close();
  };
  RecordingClient client(server.url(), options);
  // A slow reader: twice as long as the close timeout, but it moves.
  Timer tick(client.loop, [&] {
    permits.release();
    tick.start(milliseconds(75));
  });
  tick.start(milliseconds(75));
  REQUIRE(client.run());
  CHECK(client.events.back() == "close 1000");
  permits.release(piece_count);
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: what is queued when the server closes still goes out before on_close") {
  const std::string message(std::size_t{8} << 20, 'x');
  std::size_t received = 0;
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade(server_close(1000, ""));
    received = peer.read_frame().payload.size();
    peer.expect_frame(0x88, kClose1000);
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.callbacks.on_open = [&](WebSocket& socket) {
    CHECK(socket.send(message) == SendResult::kQueued);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "close 1000"});
  CHECK(client.socket().buffered_amount() == 0);
  client.run_out();
  CHECK(server.failure().empty());
  CHECK(received == message.size());
}

TEST_CASE("websocket: a server that closes and reads no more is told in buffered_amount()") {
  std::promise<void> left;
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade(server_close(1000, ""));
    left.get_future().wait();
  });
  Options options = trusting_options();
  options.close_timeout = milliseconds(50);
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send(std::string(std::size_t{40} << 20, 'x')) == SendResult::kQueued);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  left.set_value();
  CHECK(client.events == Events{"open", "close 1000"});
  CHECK(client.socket().buffered_amount() > std::size_t{1} << 20);
}

TEST_CASE("websocket: a server that stops reading is left after the flush timeout",
          "[OWN-no-answer][END-fail-fin]") {
  std::promise<void> left;
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    left.get_future().wait();
  });
  Options options = trusting_options();
  options.close_timeout = milliseconds(50);
  options.flush_timeout = milliseconds(100);
  options.callbacks.on_open = [&](WebSocket& socket) {
    CHECK(socket.send(std::string(std::size_t{40} << 20, 'x')) == SendResult::kQueued);
    socket.close();
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  left.set_value();
  REQUIRE(client.error);
  CHECK(client.error->code == ErrorCode::kTimeout);
  CHECK(client.socket().buffered_amount() > 0);
}

TEST_CASE("websocket: a server that never closes TCP is left after the close timeout",
          "[OWN-tcp-stays][END-wait-fin][RFC6455-7.1.1-tcp]") {
  const auto secure = GENERATE(false, true);
  std::promise<void> left;
  ScriptedServer server(
      [&left](ScriptPeer& peer) {
        peer.accept_upgrade();
        peer.expect_frame(0x88, std::string(kClose1000) + "done");
        peer.send(server_close(1000));
        left.get_future().wait();
      },
      certificate_if(secure));
  RecordingClient client(server.url(), closing_on_open(milliseconds(50)));
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "close 1000"});
  client.run_out();  // comes back: nothing waits for the server any more
  left.set_value();
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: abort() ends without a callback, and the server sees a reset") {
  std::string end;
  ScriptedServer server([&end](ScriptPeer& peer) {
    peer.accept_upgrade();
    try {
      end = "read " + std::to_string(peer.read_to_end().size());
    } catch (const std::runtime_error& error) {
      end = error.what();
    }
  });
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    socket.abort();
    CHECK(socket.state() == State::kClosed);
    CHECK(socket.send("gone") == SendResult::kRefused);
    CHECK_FALSE(socket.ping());
    socket.close();
    socket.resume();
    socket.abort();
  };
  RecordingClient client(server.url(), options);
  client.run_out();
  CHECK(client.events == Events{"open"});
  CHECK(server.failure().empty());
  CHECK(end == "recv: Connection reset by peer");
}

}  // namespace ws
