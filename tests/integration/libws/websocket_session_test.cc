// SPDX-License-Identifier: MIT
// An open WebSocket: messages both ways, pings, pausing, and what it holds back.
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <event2/event.h>

#include <ws/websocket.h>

#include "support/catch.h"
#include "support/echo_server.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using std::chrono::milliseconds;
using test::EchoServer;
using test::RecordingClient;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::server_frame;
using test::server_text;
using test::trusting_options;

using Events = std::vector<std::string>;

constexpr std::string_view kClose1000 = "\x03\xE8";

// A server that opens, plays this part, and then ends with a closing handshake.
ScriptedServer::Script session(const ScriptedServer::Script& part) {
  return [part](ScriptPeer& peer) {
    peer.accept_upgrade();
    part(peer);
    peer.send(server_close(1000));
    auto answer = peer.read_frame();
    while (answer.first_byte == 0x89) {  // a ping that was on its way
      answer = peer.read_frame();
    }
    if (answer.first_byte != 0x88 || answer.payload != kClose1000) {
      throw std::runtime_error("no answer to Close");
    }
    peer.read_to_end();
  };
}

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("websocket: text and binary come back from an echo server, in order", "[AB-1]") {
  RecordingClient client;
  const EchoServer server(client.loop);
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send("hello") == SendResult::kSent);
    CHECK(socket.send("") == SendResult::kSent);
    CHECK(socket.send_binary(as_bytes(std::string("\0\xFF", 2))) == SendResult::kSent);
    CHECK(socket.send("last") == SendResult::kSent);
  };
  options.callbacks.on_message = [](WebSocket& socket, const Message& message) {
    if (message.data == "last") {
      socket.close();
    }
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "text hello", "text ", "binary " + std::string("\0\xFF", 2),
                                "text last", "close 1000"});
  CHECK_FALSE(client.closed->by_peer);
  CHECK(client.socket().received_bytes() == 11);
}

TEST_CASE("websocket: ten thousand small messages of one turn come back whole") {
  RecordingClient client;
  const EchoServer server(client.loop);
  constexpr int count = 10'000;
  int received = 0;
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(socket.send(std::to_string(i)) == SendResult::kSent);
    }
  };
  options.callbacks.on_message = [&](WebSocket& socket, const Message& message) {
    REQUIRE(message.data == std::to_string(received));
    if (++received == count) {
      socket.close();
    }
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  CHECK(received == count);
  CHECK(client.closed->code == 1000);
}

TEST_CASE("websocket: messages of 5 MiB pass both ways, and on_drain tells when they have gone",
          "[AB-9]") {
  RecordingClient client;
  const EchoServer server(client.loop);
  const std::string message(std::size_t{5} << 20, 'x');
  Options options = trusting_options();
  std::size_t buffered_at_drain = 0;
  options.callbacks.on_open = [&](WebSocket& socket) {
    CHECK(socket.send(message) == SendResult::kQueued);
    CHECK(socket.buffered_amount() > std::size_t{1} << 20);  // the kernel has taken the rest
  };
  options.callbacks.on_drain = [&](WebSocket& socket) {
    buffered_at_drain = socket.buffered_amount();
  };
  options.callbacks.on_message = [&](WebSocket& socket, const Message& received) {
    CHECK(received.data == message);
    socket.close();
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  REQUIRE(client.closed);
  CHECK(client.count("drain") == 1);
  CHECK(buffered_at_drain <= std::size_t{1} << 19);
}

TEST_CASE("websocket: send() tells kQueued above send_high_water and refuses above send_limit") {
  ScriptedServer server(session([](ScriptPeer& peer) {
    peer.expect_frame(0x82, std::string(100, 'a'));
    peer.expect_frame(0x82, std::string(100, 'b'));
    peer.expect_frame(0x82, std::string(2, 'd'));
  }));
  Options options = trusting_options();
  options.send_high_water = 150;
  options.send_limit = 230;
  options.callbacks.on_open = [](WebSocket& socket) {
    // A frame of 100 bytes takes 106 (RFC 6455 5.2).
    CHECK(socket.send_binary(as_bytes(std::string(100, 'a'))) == SendResult::kSent);
    CHECK(socket.send_binary(as_bytes(std::string(100, 'b'))) == SendResult::kQueued);
    CHECK(socket.buffered_amount() == 212);
    CHECK(socket.send_binary(as_bytes(std::string(5, 'c'))) == SendResult::kRefused);
    CHECK(socket.buffered_amount() == 212);
    CHECK(socket.send_binary(as_bytes(std::string(2, 'd'))) == SendResult::kQueued);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "drain", "close 1000"});
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: a server that does not read makes send() refuse, and loses nothing") {
  constexpr std::size_t size = std::size_t{1} << 20;
  std::promise<void> full;
  std::size_t arrived = 0;
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    full.get_future().wait();
    while (peer.read_frame().first_byte == 0x82) {
      ++arrived;
    }
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  std::size_t taken = 0;
  Options options = trusting_options();
  options.send_limit = std::size_t{8} << 20;
  options.callbacks.on_open = [&](WebSocket& socket) {
    const std::string message(size, 'x');
    while (socket.send_binary(as_bytes(message)) != SendResult::kRefused) {
      ++taken;
    }
    CHECK(socket.buffered_amount() <= std::size_t{8} << 20);
    CHECK(socket.buffered_amount() > std::size_t{7} << 20);
    socket.close();
    full.set_value();
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(client.closed);
  CHECK(server.failure().empty());
  CHECK(taken >= 7);  // of 8 MiB, headers included, and what the kernel took
  CHECK(arrived == taken);
}

TEST_CASE("websocket: text that is not UTF-8 is not taken (RFC 6455 5.6)", "[RFC6455-5.6-text]") {
  ScriptedServer server(session([](ScriptPeer& peer) { peer.expect_frame(0x81, "ok"); }));
  Options options = trusting_options();
  options.callbacks.on_open = [](WebSocket& socket) {
    CHECK(socket.send("\xC3\x28") == SendResult::kInvalidUtf8);
    CHECK(socket.send("ok") == SendResult::kSent);
  };
  RecordingClient client(server.url(), options);
  REQUIRE(client.run());
  CHECK(server.failure().empty());
}

TEST_CASE("websocket: pings are answered, and pongs to ours are told (RFC 6455 5.5)",
          "[RFC6455-5.5.2-pong]") {
  ScriptedServer server(session([](ScriptPeer& peer) {
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
  ScriptedServer server(session([](ScriptPeer& peer) {
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
  ScriptedServer server(session([](ScriptPeer& peer) {
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

TEST_CASE("websocket: while it is paused nothing is delivered, and resume() calls nothing itself") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one") + server_text("two") + server_text("three") +
                        server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client;
  Timer resume(client.loop, [&] {
    const std::size_t before = client.events.size();
    CHECK(client.socket().is_paused());
    client.socket().resume();
    CHECK_FALSE(client.socket().is_paused());
    CHECK(client.events.size() == before);
  });
  Options options = trusting_options();
  options.callbacks.on_message = [&](WebSocket& socket, const Message&) {
    socket.pause();
    resume.start(milliseconds(20));
    client.events.emplace_back("paused");
  };
  client.start(server.url(), options);
  REQUIRE(client.run_until([&] { return client.closed.has_value(); }));
  CHECK(client.events == Events{"open", "text one", "paused", "text two", "paused", "text three",
                                "paused", "close 1000"});
}

TEST_CASE("websocket: paused before it opens it opens, and delivers after resume()") {
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one"));
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  RecordingClient client(server.url());
  client.socket().pause();
  REQUIRE(client.run_until([&] { return client.count("open") == 1; }));
  Timer later(client.loop, [&] {
    CHECK(client.events == Events{"open"});
    client.socket().resume();
  });
  later.start(milliseconds(30));
  REQUIRE(client.run());
  CHECK(client.events == Events{"open", "text one", "close 1000"});
}

TEST_CASE("websocket: a paused one lets the server's sending stall, and loses nothing") {
  constexpr std::size_t count = 200;
  const std::string message(std::size_t{100} << 10, 'x');
  ScriptedServer server([&](ScriptPeer& peer) {
    peer.accept_upgrade();
    for (std::size_t i = 0; i < count; ++i) {
      peer.send(server_frame(0x82, message));
    }
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  std::size_t received = 0;
  Options options = trusting_options();
  RecordingClient client;
  Timer resume(client.loop, [&] { client.socket().resume(); });
  options.callbacks.on_message = [&](WebSocket& socket, const Message& got) {
    CHECK(got.data.size() == message.size());
    if (++received % 50 == 0) {
      socket.pause();
      resume.start(milliseconds(10));
    }
    client.events.clear();
  };
  client.start(server.url(), options);
  REQUIRE(client.run());
  CHECK(received == count);
  CHECK(client.closed);
  CHECK(server.failure().empty());
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

TEST_CASE("websocket: on an event_base of the caller's, run by him") {
  const std::unique_ptr<event_base, decltype(&event_base_free)> base(event_base_new(),
                                                                     &event_base_free);
  ScriptedServer server([](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one"));
    peer.expect_frame(0x88, "\x03\xE8");
    peer.send(server_close(1000));
    peer.read_to_end();
  });
  EventLoop loop(base.get());
  std::string received;
  WebSocket socket(loop, server.url(), trusting_options());
  socket.callbacks().on_message = [&](WebSocket& self, const Message& message) {
    received = message.data;
    self.close();
  };
  CHECK(event_base_dispatch(base.get()) >= 0);
  CHECK(received == "one");
  CHECK(socket.state() == State::kClosed);
  CHECK_NOTHROW(loop.rethrow_pending());
  const WebSocket refused(loop, "ws://host/#fragment");
  CHECK(event_base_dispatch(base.get()) >= 0);
  CHECK_THROWS_AS(loop.rethrow_pending(), Exception);
  CHECK(server.failure().empty());
}

}  // namespace ws
