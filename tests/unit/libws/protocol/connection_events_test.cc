// SPDX-License-Identifier: MIT
// Pausing, and what events may do to the connection that they come from.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using State = ConnectionState;
using Events = std::vector<std::string>;

std::string one_two_three() {
  return "\x81\x01"
         "1\x89\x01!\x81\x01"
         "2\x81\x01"
         "3";
}

}  // namespace

TEST_CASE("pause: bytes are kept and parsed at resume, under every chunking",
          "[connection][OWN-chunking]") {
  support::for_each_chunking(one_two_three(), [](const support::Chunks& chunks) {
    Harness harness;
    harness.connection.pause(harness.now);
    CHECK(harness.connection.is_paused());
    harness.receive_all(chunks);
    CHECK(harness.events.empty());
    CHECK(harness.output.empty());
    harness.connection.resume(harness.now, harness);
    CHECK(harness.events == Events{"text 1", "text 2", "text 3"});
    CHECK(harness.sent() == client_frame(0x8a, "!"));
    harness.receive(
        "\x81\x01"
        "4");
    CHECK(harness.events.back() == "text 4");
  });
}

TEST_CASE("pause: from inside on_message it stops before the next frame",
          "[connection][OWN-chunking]") {
  support::for_each_chunking(one_two_three(), [](const support::Chunks& chunks) {
    Harness harness;
    harness.during_message = [&] { harness.connection.pause(harness.now); };
    harness.receive_all(chunks);
    CHECK(harness.events == Events{"text 1"});
    CHECK(harness.output.empty());
    harness.connection.resume(harness.now, harness);
    CHECK(harness.events == Events{"text 1", "text 2"});
    harness.connection.resume(harness.now, harness);
    CHECK(harness.events == Events{"text 1", "text 2", "text 3"});
    CHECK(harness.connection.is_paused());
  });
}

TEST_CASE("pause: undone inside the same event it changes nothing", "[connection]") {
  Harness harness;
  harness.during_message = [&] {
    harness.connection.pause(harness.now);
    harness.connection.resume(harness.now, harness);
  };
  harness.receive(one_two_three());
  CHECK(harness.events == Events{"text 1", "text 2", "text 3"});
}

TEST_CASE("pause: an EOF behind kept messages comes after them", "[connection]") {
  Harness harness;
  harness.connection.pause(harness.now);
  harness.receive(one_two_three());
  harness.connection.receive_eof();
  CHECK(harness.connection.state() == State::kOpen);
  harness.connection.resume(harness.now, harness);
  CHECK(harness.events.size() == 3);
  CHECK(harness.failure() == ErrorCode::kConnectionLost);
}

TEST_CASE("pause: an EOF behind a kept Close is a clean end", "[connection]") {
  Harness harness;
  harness.connection.pause(harness.now);
  harness.receive(one_two_three() + "\x88\x00"s);
  harness.connection.receive_eof();
  harness.connection.resume(harness.now, harness);
  CHECK(harness.connection.state() == State::kClosed);
  CHECK_FALSE(harness.failure());
}

TEST_CASE("pause: an EOF with nothing kept is told at once", "[connection]") {
  Harness harness;
  harness.connection.pause(harness.now);
  harness.connection.receive_eof();
  CHECK(harness.failure() == ErrorCode::kConnectionLost);
}

TEST_CASE("events: stop() inside on_message ends the delivery, kept bytes included",
          "[connection]") {
  support::for_each_chunking(one_two_three(), [](const support::Chunks& chunks) {
    Harness harness;
    harness.during_message = [&] { harness.connection.stop(); };
    harness.receive_all(chunks);
    CHECK(harness.events == Events{"text 1"});
    CHECK(harness.output.empty());

    Harness kept;
    kept.during_message = [&] { kept.connection.stop(); };
    kept.connection.pause(kept.now);
    kept.receive_all(chunks);
    kept.connection.resume(kept.now, kept);
    CHECK(kept.events == Events{"text 1"});
  });
}

TEST_CASE("events: close() inside on_message lets later messages through", "[connection]") {
  support::for_each_chunking(one_two_three(), [](const support::Chunks& chunks) {
    Harness harness;
    harness.during_message = [&] { harness.connection.close(1000, "x", harness.now); };
    harness.receive_all(chunks);
    CHECK(harness.events == Events{"text 1", "text 2", "text 3"});
    CHECK(harness.sent() == client_frame(0x88, "\x03\xe8x") + client_frame(0x8a, "!"));
  });
}

TEST_CASE("events: send() and ping() inside on_message keep their order", "[connection]") {
  support::for_each_chunking(one_two_three(), [](const support::Chunks& chunks) {
    Harness harness;
    harness.during_message = [&] {
      const std::string echo = harness.events.back();
      CHECK(harness.connection.send(MessageType::kText, echo) == Connection::Sent::kYes);
      CHECK(harness.connection.ping(echo));
    };
    harness.receive_all(chunks);
    std::string expected;
    for (const char* text : {"text 1", "text 2", "text 3"}) {
      expected += client_frame(0x81, text) + client_frame(0x89, text);
      if (text == "text 1"s) {
        expected += client_frame(0x8a, "!");
      }
    }
    CHECK(harness.sent() == expected);
  });
}

TEST_CASE("events: a fragmented message outlives what its event does", "[connection]") {
  Harness harness;
  harness.during_message = [&] {
    CHECK(harness.connection.send(MessageType::kBinary, harness.events.back()) ==
          Connection::Sent::kYes);
    harness.connection.stop();
  };
  harness.receive(
      "\x02\x03"
      "abc\x80\x03"
      "def\x81\x01x");
  CHECK(harness.events == Events{"binary abcdef"});
}

TEST_CASE("events: pause() inside on_pong stops before the next frame", "[connection]") {
  Harness harness;
  harness.during_pong = [&] { harness.connection.pause(harness.now); };
  harness.receive(
      "\x8a\x01"
      "a\x8a\x01"
      "b");
  CHECK(harness.events == Events{"pong a"});
}

}  // namespace ws::protocol
