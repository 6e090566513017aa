// SPDX-License-Identifier: MIT
// The callback law of event_loop.h: whatever a callback does to its WebSocket, in every callback,
// plain and over TLS, with more frames waiting behind. Run under AddressSanitizer.
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
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

enum class Place { kOpen, kMessage, kChunk, kPong, kDrain, kError, kClose };
enum class Deed { kDestroy, kClose, kAbort, kSend, kThrow, kPause, kReplace, kDestroyAndThrow };

std::string to_text(Place place) {
  static const std::vector<std::string> names{"open",  "message", "message_chunk", "pong",
                                              "drain", "error",   "close"};
  return names.at(static_cast<std::size_t>(place));
}

std::string to_text(Deed deed) {
  static const std::vector<std::string> names{"destroy", "close", "abort",   "send",
                                              "throw",   "pause", "replace", "destroy and throw"};
  return names.at(static_cast<std::size_t>(deed));
}

// What the server says at once, all in one segment.
std::string frames_for(Place place) {
  std::string frames =
      server_text("one") + server_text("two") + server_frame(0x8A, "pong") + server_text("three");
  if (place == Place::kError) {
    frames += "\xF1\x01x" + server_text("never");  // reserved bits
  } else if (place == Place::kClose) {
    frames += server_close(1000) + server_text("never");
  }
  return frames;
}

ScriptedServer::Script talk(Place place) {
  return [place](ScriptPeer& peer) {
    peer.accept_upgrade(frames_for(place));
    peer.take_all_and_close();
  };
}

// One case of the matrix: does the deed in the place, once.
class Scene {
 public:
  Scene(Place place, Deed deed, const std::string& url) : place_(place), deed_(deed) {
    Options options = trusting_options();
    options.close_timeout = milliseconds(2000);
    options.send_high_water = 1;
    client_.start(url, with_callbacks(std::move(options)));
  }

  void run() {
    patience_.start(milliseconds(15'000));
    while (!is_over_ && !is_ended()) {
      try {
        client_.loop.run();
      } catch (const std::exception& exception) {
        thrown_.emplace_back(exception.what());
      }
      // A deed that ends the WebSocket leaves nothing to run for.
      if (client_.websocket == nullptr || is_aborted_) {
        break;
      }
    }
  }

  [[nodiscard]] const Events& events() const { return client_.events; }

  [[nodiscard]] const Events& thrown() const { return thrown_; }

  [[nodiscard]] const RecordingClient& client() const { return client_; }

  [[nodiscard]] bool is_done() const { return is_done_; }

  [[nodiscard]] int chunk_count() const { return chunk_count_; }

  // Deeds after which nothing ends the WebSocket by itself.
  [[nodiscard]] bool is_waiting() const {
    const bool goes_on = deed_ == Deed::kSend || deed_ == Deed::kPause || deed_ == Deed::kReplace;
    return goes_on && (place_ != Place::kError && place_ != Place::kClose);
  }

 private:
  [[nodiscard]] bool is_ended() const {
    return client_.error.has_value() || client_.closed.has_value();
  }

  Options with_callbacks(Options options) {
    options.callbacks.on_open = [this](WebSocket& socket) {
      (void)socket.send("filling the queue, so that it drains");
      at(Place::kOpen, socket);
    };
    options.callbacks.on_message = [this](WebSocket& socket, const Message&) {
      at(Place::kMessage, socket);
    };
    if (place_ == Place::kChunk) {  // it takes the place of on_message
      options.callbacks.on_message_chunk = [this](WebSocket& socket, const MessageChunk&) {
        ++chunk_count_;
        at(Place::kChunk, socket);
      };
    }
    options.callbacks.on_pong = [this](WebSocket& socket, std::string_view) {
      at(Place::kPong, socket);
    };
    options.callbacks.on_drain = [this](WebSocket& socket) { at(Place::kDrain, socket); };
    options.callbacks.on_error = [this](WebSocket& socket, const Error& error) {
      at(Place::kError, socket);
      copy_of_message_ = error.message;  // still there
    };
    options.callbacks.on_close = [this](WebSocket& socket, const CloseInfo& info) {
      at(Place::kClose, socket);
      copy_of_message_ = info.reason;
    };
    return options;
  }

  void at(Place place, WebSocket& socket) {
    if (place == place_ && !std::exchange(is_done_, true)) {
      if (is_waiting()) {
        patience_.start(milliseconds(20));  // what must not come had its chance
      }
      act(socket);
    }
  }

  void act(WebSocket& socket) {
    switch (deed_) {
      case Deed::kDestroy:
        client_.websocket.reset();
        client_.loop.stop();
        break;
      case Deed::kClose:
        socket.close();
        break;
      case Deed::kAbort:
        is_aborted_ = true;
        socket.abort();
        client_.loop.stop();
        break;
      case Deed::kSend:
        (void)socket.send("more");
        break;
      case Deed::kThrow:
        throw std::runtime_error("thrown");
      case Deed::kPause:
        socket.pause();
        break;
      case Deed::kReplace:
        socket.callbacks() = {};
        break;
      case Deed::kDestroyAndThrow:
        client_.websocket.reset();
        throw std::runtime_error("thrown");
    }
  }

  Place place_;
  Deed deed_;
  int chunk_count_ = 0;
  bool is_done_ = false;
  bool is_over_ = false;
  bool is_aborted_ = false;
  std::string copy_of_message_;
  Events thrown_;
  RecordingClient client_;
  Timer patience_{client_.loop, [this] {
                    is_over_ = true;
                    client_.websocket.reset();
                    client_.loop.stop();
                  }};
};

bool is_final(Place place) {
  return place == Place::kError || place == Place::kClose;
}

void check_outcome(const Scene& scene, Place place, Deed deed) {
  const auto& last = scene.events().back();
  const bool has_ended = last == "error" || last.starts_with("close");
  CHECK(scene.client().count("error") + scene.client().count("close 1000") <= 1);
  CHECK(scene.client().count("text never") == 0);
  if (is_final(place)) {
    CHECK(has_ended);
    CHECK(scene.thrown().size() ==
          (deed == Deed::kThrow || deed == Deed::kDestroyAndThrow ? 1U : 0U));
    return;
  }
  switch (deed) {
    case Deed::kClose:
      CHECK(last == "close 1000");
      break;
    case Deed::kThrow:  // on_error is told, run() throws nothing
      CHECK(last == "error");
      CHECK(scene.client().error->code == ErrorCode::kCallbackThrew);
      CHECK_THROWS_WITH(std::rethrow_exception(scene.client().error->cause), "thrown");
      CHECK(scene.thrown().empty());
      break;
    case Deed::kDestroyAndThrow:
      CHECK_FALSE(has_ended);
      CHECK(scene.thrown() == Events{"thrown"});
      break;
    default:
      CHECK_FALSE(has_ended);
      CHECK(scene.thrown().empty());
  }
}

// Nothing is called after these, but what had been called before.
void check_silence(const Scene& scene, Place place, Deed deed) {
  const bool ends = deed == Deed::kDestroy || deed == Deed::kAbort ||
                    deed == Deed::kDestroyAndThrow || deed == Deed::kReplace ||
                    deed == Deed::kThrow;
  if (ends && place == Place::kOpen) {
    CHECK(scene.client().count("text one") == 0);
  } else if ((ends || deed == Deed::kPause) && place == Place::kMessage) {
    CHECK(scene.client().count("text one") == 1);
    CHECK(scene.client().count("text two") == 0);
  } else if (place == Place::kChunk) {
    CHECK(scene.chunk_count() == (ends || deed == Deed::kPause ? 1 : 3));
  } else if (ends && place == Place::kPong) {
    CHECK(scene.client().count("text two") == 1);
    CHECK(scene.client().count("text three") == 0);
  } else if (deed == Deed::kSend && place == Place::kMessage) {
    CHECK(scene.client().count("text three") == 1);
  }
}

}  // namespace

TEST_CASE("websocket: a callback may do anything to its WebSocket, wherever it is called",
          "[CVE-reentrancy][END-one-callback]") {
  const auto place = GENERATE(Place::kOpen, Place::kMessage, Place::kChunk, Place::kPong,
                              Place::kDrain, Place::kError, Place::kClose);
  const auto deed = GENERATE(Deed::kDestroy, Deed::kClose, Deed::kAbort, Deed::kSend, Deed::kThrow,
                             Deed::kPause, Deed::kReplace, Deed::kDestroyAndThrow);
  const auto secure = GENERATE(false, true);
  INFO(to_text(deed) << " in on_" << to_text(place) << (secure ? " over TLS" : ""));
  ScriptedServer server(talk(place),
                        secure ? std::optional(test::test_certificates().good) : std::nullopt);
  Scene scene(place, deed, server.url());
  scene.run();
  CHECK(scene.is_done());
  check_outcome(scene, place, deed);
  check_silence(scene, place, deed);
}

TEST_CASE("websocket: a callback that is replaced while it runs is followed by the new one") {
  ScriptedServer server(talk(Place::kClose));
  Options options = trusting_options();
  Events seen;
  options.callbacks.on_close = [&](WebSocket&, const CloseInfo&) { seen.emplace_back("close"); };
  options.callbacks.on_message = [&](WebSocket& socket, const Message& message) {
    seen.push_back("first " + std::string(message.data));
    const std::string captured = "second ";
    socket.callbacks().on_message = [&seen, captured](WebSocket& same, const Message& next) {
      seen.push_back(captured + std::string(next.data));
      same.callbacks().on_message = nullptr;
      seen.push_back(captured + "is still there");
    };
  };
  EventLoop loop;
  const WebSocket socket(loop, server.url(), options);
  loop.run();
  CHECK(seen == Events{"first one", "second two", "second is still there", "close"});
}

TEST_CASE("websocket: a callback that owns its WebSocket may drop itself", "[CVE-reentrancy]") {
  ScriptedServer server(talk(Place::kClose));
  EventLoop loop;

  struct Session {
    std::unique_ptr<WebSocket> socket;
  };

  auto session = std::make_shared<Session>();
  const std::weak_ptr<Session> watch = session;
  Options options = trusting_options();
  options.callbacks.on_error = [](WebSocket&, const Error&) {};
  options.callbacks.on_message = [session](WebSocket& socket, const Message&) {
    socket.callbacks() = {};
  };
  session->socket = std::make_unique<WebSocket>(loop, server.url(), options);
  options = {};
  session.reset();
  loop.run();
  CHECK(watch.expired());
}

TEST_CASE("websocket: a callback that throws without on_error ends run() with what it threw") {
  std::string answer;
  ScriptedServer server([&answer](ScriptPeer& peer) {
    peer.accept_upgrade(server_text("one"));
    answer = peer.read_frame().payload.substr(0, 2);
    peer.read_to_end();
  });
  Options options = trusting_options();
  options.callbacks.on_message = [](WebSocket&, const Message&) {
    throw std::logic_error("my own");
  };
  EventLoop loop;
  const WebSocket socket(loop, server.url(), options);
  CHECK_THROWS_AS(loop.run(), std::logic_error);
  loop.run();
  CHECK(socket.state() == State::kClosed);
  CHECK(server.failure().empty());
  CHECK(answer == "\x03\xF3");  // 1011 (RFC 6455 7.4.1)
}

TEST_CASE("websocket: one callback may destroy another WebSocket of its loop", "[CVE-reentrancy]") {
  ScriptedServer first(talk(Place::kOpen));
  ScriptedServer second(talk(Place::kOpen));
  EventLoop loop;
  std::unique_ptr<WebSocket> victim;
  std::unique_ptr<WebSocket> culprit;
  Options options = trusting_options();
  options.callbacks.on_message = [&](WebSocket& socket, const Message&) {
    (victim.get() == &socket ? culprit : victim).reset();
    socket.abort();
  };
  victim = std::make_unique<WebSocket>(loop, first.url(), options);
  culprit = std::make_unique<WebSocket>(loop, second.url(), options);
  loop.run();
  CHECK((victim == nullptr) != (culprit == nullptr));
}

}  // namespace ws
