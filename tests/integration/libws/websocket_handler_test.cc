// SPDX-License-Identifier: MIT
// Options::handler: one object is told what callbacks are told, under the same law.
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <ws/websocket.h>

#include "support/catch.h"
#include "support/echo_server.h"
#include "support/run_until.h"

namespace ws::test {
namespace {

class Recorder final : public WebSocketHandler {
 public:
  void on_open(WebSocket& socket) override {
    events.emplace_back("open");
    when_open(socket);
  }

  void on_messages(WebSocket& socket, std::span<const Message> messages) override {
    for (const Message& message : messages) {
      events.push_back("message " + std::string(message.data));
    }
    when_told(socket);
  }

  void on_read_end(WebSocket& /*socket*/) override { ++read_ends; }

  void on_pong(WebSocket& /*socket*/, std::string_view payload) override {
    events.push_back("pong " + std::string(payload));
  }

  void on_error(WebSocket& /*socket*/, const Error& error) override {
    events.push_back("error " + std::string(to_string(error.code)));
    is_over = true;
  }

  void on_close(WebSocket& /*socket*/, const CloseInfo& info) override {
    events.push_back("close " + std::to_string(info.code));
    is_over = true;
  }

  std::function<void(WebSocket&)> when_open = [](WebSocket&) {};
  std::function<void(WebSocket&)> when_told = [](WebSocket&) {};
  std::vector<std::string> events;
  int read_ends = 0;
  bool is_over = false;
};

using Events = std::vector<std::string>;

TEST_CASE("handler: is told everything in order, and callbacks nothing", "[websocket][handler]") {
  EventLoop loop;
  EchoServer server(loop);
  Recorder recorder;
  recorder.when_open = [](WebSocket& socket) {
    (void)socket.send("one");
    (void)socket.ping("two");
    (void)socket.send("three");
  };
  recorder.when_told = [&recorder](WebSocket& socket) {
    if (recorder.events.back() == "message three") {
      socket.close(4000);
    }
  };
  int called = 0;
  WebSocket socket(
      loop, server.url(),
      {.callbacks = {.on_open = [&called](WebSocket&) { ++called; }}, .handler = &recorder});
  socket.callbacks().on_close = [&called](WebSocket&, const CloseInfo&) { ++called; };
  REQUIRE(run_until(loop, [&] { return recorder.is_over; }));
  CHECK(recorder.events ==
        Events{"open", "message one", "pong two", "message three", "close 4000"});
  CHECK(recorder.read_ends > 0);
  CHECK(called == 0);
}

TEST_CASE("handler: hears of a URL that cannot be", "[websocket][handler]") {
  EventLoop loop;
  Recorder recorder;
  const WebSocket socket(loop, "http//", {.handler = &recorder});
  CHECK(recorder.events.empty());
  REQUIRE(run_until(loop, [&] { return recorder.is_over; }));
  CHECK(recorder.events == Events{"error " + std::string(to_string(ErrorCode::kInvalidUrl))});
}

TEST_CASE("handler: may destroy its WebSocket, and is told nothing more", "[websocket][handler]") {
  EventLoop loop;
  EchoServer server(loop);
  Recorder recorder;
  std::optional<WebSocket> socket;
  recorder.when_open = [](WebSocket& opened) { (void)opened.send("one"); };
  recorder.when_told = [&socket](WebSocket&) { socket.reset(); };
  socket.emplace(loop, server.url(), Options{.handler = &recorder});
  REQUIRE(run_until(loop, [&] { return !socket; }));
  CHECK(recorder.events == Events{"open", "message one"});
  CHECK(recorder.read_ends == 1);  // of what came with the response
}

TEST_CASE("handler: what it throws ends the connection as a callback's exception does",
          "[websocket][handler]") {
  EventLoop loop;
  EchoServer server(loop);
  Recorder recorder;
  recorder.when_open = [](WebSocket&) { throw std::runtime_error("no"); };
  const WebSocket socket(loop, server.url(), {.handler = &recorder});
  REQUIRE(run_until(loop, [&] { return recorder.is_over; }));
  CHECK(recorder.events ==
        Events{"open", "error " + std::string(to_string(ErrorCode::kCallbackThrew))});
}

TEST_CASE("forget_opening: gives back what was kept of the opening, and only that",
          "[websocket][handler]") {
  EventLoop loop;
  EchoServer server(loop);
  Recorder recorder;
  WebSocket socket(loop, server.url(), {.handler = &recorder});
  socket.forget_opening();  // not yet
  CHECK(socket.url().port != 0);
  REQUIRE(run_until(loop, [&] { return recorder.events == Events{"open"}; }));
  CHECK(socket.response().status == 101);
  const std::string address = socket.remote_address();
  socket.forget_opening();
  CHECK(socket.response().status == 0);
  CHECK(socket.url().host.empty());
  CHECK(socket.opening_times().http.count() == 0);
  CHECK(socket.remote_address() == address);
  CHECK(socket.state() == State::kOpen);
  CHECK(socket.send("still") == SendResult::kSent);
  REQUIRE(run_until(loop, [&] { return recorder.events.back() == "message still"; }));
}

}  // namespace
}  // namespace ws::test
