// SPDX-License-Identifier: MIT
// Ends of a connection: the closing handshake from both sides, EOF, failing, stopping.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using State = ConnectionState;

std::string close_1000() {
  return "\x88\x02\x03\xe8";
}

}  // namespace

TEST_CASE("close: ours goes out with its code and reason (RFC 6455 7.1.2)",
          "[connection][RFC6455-7.1.2-start]") {
  Harness harness;
  harness.connection.close(1001, "bye", harness.now);
  CHECK(harness.sent() ==
        "\x88\x85\0\0\0\0\x03\xe9"
        "bye"s);
  CHECK(harness.connection.state() == State::kClosing);
}

TEST_CASE("close: messages are delivered and pings answered until the peer's Close (RFC 6455 5.5)",
          "[connection][END-keep-reading][OWN-closing-ping][RFC6455-5.5.2-pong][END-once]") {
  support::for_each_chunking(
      hello() + "\x89\x01!" +
          "\x88\x05\x03\xe9"
          "bye" +
          hello(),
      [](const support::Chunks& chunks) {
        Harness harness;
        harness.connection.close(1000, {}, harness.now);
        CHECK(harness.sent() == client_frame(0x88, "\x03\xe8"));
        harness.receive_all(chunks);
        CHECK(harness.events == std::vector<std::string>{"text Hello"});
        CHECK(harness.sent() == client_frame(0x8a, "!"));  // and no second Close
        CHECK(harness.connection.state() == State::kClosed);
        CHECK(harness.connection.close_info().code == 1001);
        CHECK(harness.connection.close_info().reason == "bye");
        CHECK_FALSE(harness.connection.close_info().by_peer);
        CHECK_FALSE(harness.failure());
      });
}

TEST_CASE("close: an empty one from the peer tells no code (RFC 6455 7.1.5)",
          "[connection][RFC6455-7.1.5-code]") {
  Harness harness;
  harness.receive("\x88\x00"s);
  CHECK(harness.connection.close_info().code == kCloseNoStatus);
  CHECK(harness.connection.close_info().by_peer);
}

TEST_CASE("close: it is sent once, and nothing of the user's follows (RFC 6455 5.5.1)",
          "[connection][RFC6455-5.5.1-silence][END-once][RFC6455-6.1-open]") {
  Harness harness;
  harness.connection.close(1000, {}, harness.now);
  harness.connection.close(1001, {}, harness.now);
  CHECK(harness.connection.send(MessageType::kText, "late") == Connection::Sent::kNotOpen);
  CHECK_FALSE(harness.connection.ping("late"));
  CHECK(harness.sent() == client_frame(0x88, "\x03\xe8"));
}

TEST_CASE("close: codes that must not be sent become 1000 (RFC 6455 7.4)",
          "[connection][RFC6455-7.4-send][END-codes]") {
  for (const unsigned code :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2000U, 2999U, 5000U, 65535U}) {
    Harness harness;
    harness.connection.close(static_cast<std::uint16_t>(code), {}, harness.now);
    CHECK(harness.sent() == client_frame(0x88, "\x03\xe8"));
  }
  for (const unsigned code : {1000U, 1014U, 3000U, 4999U}) {
    Harness harness;
    harness.connection.close(static_cast<std::uint16_t>(code), {}, harness.now);
    CHECK(harness.sent() == client_frame(0x88, close_payload(code)));
  }
}

TEST_CASE("close: a reason is cut at 123 bytes on a character boundary (RFC 6455 5.5)",
          "[connection][END-reason][CVE-close-reason]") {
  const auto sent_reason = [](const std::string& reason) {
    Harness harness;
    harness.connection.close(1000, reason, harness.now);
    return harness.sent().substr(8);
  };
  CHECK(sent_reason(std::string(123, 'x')) == std::string(123, 'x'));
  CHECK(sent_reason(std::string(124, 'x')) == std::string(123, 'x'));
  CHECK(sent_reason(std::string(120, 'x') + "\xe2\x82\xac") ==
        std::string(120, 'x') + "\xe2\x82\xac");
  CHECK(sent_reason(std::string(121, 'x') + "\xe2\x82\xac") == std::string(121, 'x'));
  CHECK(sent_reason("ab\xff") == "ab");
}

TEST_CASE("close: no answer within close_timeout gives up (RFC 6455 7.1.1)",
          "[connection][OWN-no-answer]") {
  Harness harness({.close_timeout = 5s});
  harness.now += 1s;
  harness.connection.close(1000, {}, harness.now);
  REQUIRE(harness.connection.deadline() == harness.now + 5s);
  harness.receive(hello());  // not the answer
  harness.connection.handle_deadline(harness.now + 4999ms);
  CHECK(harness.connection.state() == State::kClosing);
  harness.connection.handle_deadline(harness.now + 5s);
  CHECK(harness.connection.state() == State::kFailing);
  CHECK(harness.failure() == ErrorCode::kTimeout);
  CHECK_FALSE(harness.connection.deadline());
}

TEST_CASE("close: while paused nothing is read, so close_timeout rests and begins again",
          "[connection]") {
  Harness harness({.close_timeout = 5s});
  harness.connection.close(1000, {}, harness.now);
  harness.connection.pause(harness.now);
  CHECK_FALSE(harness.connection.deadline());
  harness.connection.handle_deadline(harness.now + 60s);
  CHECK(harness.connection.state() == State::kClosing);
  harness.now += 60s;
  harness.connection.resume(harness.now, harness);
  CHECK(harness.connection.deadline() == harness.now + 5s);
}

TEST_CASE("close: a bad frame while closing fails without a second Close (RFC 6455 7.1.7)",
          "[connection][END-once][RFC6455-7.1.7-fail]") {
  Harness harness;
  harness.connection.close(1000, {}, harness.now);
  harness.sent();
  harness.receive(hello() + "\xff");
  CHECK(harness.events == std::vector<std::string>{"text Hello"});
  CHECK(harness.sent().empty());
  CHECK(harness.failure() == ErrorCode::kProtocolViolation);
  CHECK(harness.connection.state() == State::kFailing);
}

TEST_CASE("eof: without a Close it is a failure that says where (RFC 6455 7.1.5)",
          "[connection][RFC6455-7.1.5-code][OWN-end-without-close][OWN-end-in-frame]") {
  const auto message_after = [](std::string_view received) {
    Harness harness;
    harness.receive(received);
    harness.connection.receive_eof();
    CHECK(harness.connection.state() == State::kFailing);
    CHECK(harness.failure() == ErrorCode::kConnectionLost);
    CHECK(harness.connection.failure()->phase == Phase::kOpen);
    CHECK(harness.output.empty());
    return harness.connection.failure()->message;
  };
  CHECK(message_after({}) == "the connection ended without a Close frame");
  CHECK(message_after(hello()) == "the connection ended without a Close frame");
  for (const std::string_view cut : {"\x81", "\x81\x05", "\x81\x05Hell", "\x01\x01H"}) {
    CHECK(message_after(cut) == "the connection ended in the middle of a message");
  }
}

TEST_CASE("eof: after the closing handshake or a failure it changes nothing", "[connection]") {
  Harness closed;
  closed.receive(close_1000());
  closed.connection.receive_eof();
  CHECK(closed.connection.state() == State::kClosed);
  CHECK_FALSE(closed.failure());

  Harness failed;
  failed.receive("\xff");
  failed.connection.receive_eof();
  CHECK(failed.failure() == ErrorCode::kProtocolViolation);
}

TEST_CASE("eof: while closing it is a failure", "[connection][OWN-end-without-close]") {
  Harness harness;
  harness.connection.close(1000, {}, harness.now);
  harness.connection.receive_eof();
  CHECK(harness.failure() == ErrorCode::kConnectionLost);
}

TEST_CASE("failing: nothing is sent, delivered or waited for any more (RFC 6455 7.1.7)",
          "[connection][RFC6455-7.1.7-fail][END-discard][CVE-judged-frame][RFC6455-6.1-open]") {
  Harness harness({.ping_interval = 1s, .ping_timeout = 1s});
  harness.receive("\xff");
  harness.sent();
  harness.receive(hello() + "\x89\x01!" + close_1000());
  CHECK(harness.connection.send(MessageType::kText, "x") == Connection::Sent::kNotOpen);
  CHECK_FALSE(harness.connection.ping("x"));
  harness.connection.close(1000, {}, harness.now);
  harness.connection.handle_deadline(harness.now + 1h);
  CHECK(harness.sent().empty());
  CHECK(harness.events.empty());
  CHECK_FALSE(harness.connection.deadline());
  CHECK(harness.connection.state() == State::kFailing);
}

TEST_CASE("stop: nothing is delivered or sent afterwards", "[connection]") {
  Harness harness({.ping_interval = 1s});
  harness.connection.stop();
  harness.receive(hello() + "\x89\x01!" + close_1000());
  harness.connection.receive_eof();
  harness.connection.close(1000, {}, harness.now);
  CHECK(harness.connection.send(MessageType::kText, "x") == Connection::Sent::kNotOpen);
  CHECK_FALSE(harness.connection.deadline());
  CHECK(harness.events.empty());
  CHECK(harness.output.empty());
  CHECK_FALSE(harness.failure());
  CHECK(harness.connection.state() == State::kStopped);
}

}  // namespace ws::protocol
