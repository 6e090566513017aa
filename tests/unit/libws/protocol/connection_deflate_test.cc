// SPDX-License-Identifier: MIT
// permessage-deflate on a connection, both ways: the examples of RFC 7692 as literal frames, every
// rule about RSV1, the limits while inflating, and what is compressed and what is not.
#include <zlib.h>

#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using State = ConnectionState;
using Sent = Connection::Sent;
using Events = std::vector<std::string>;

constexpr std::size_t kMib = std::size_t{1} << 20;

ConnectionSettings agreed(DeflateSettings deflate = {}) {
  return {.deflate = deflate};
}

// RFC 7692 section 7.2.3.1 and the examples after it.
std::string compressed_hello() {
  return "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
}

// What a server that uses plain zlib sends for `text`, one message with a context of its own.
std::string compressed(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  out.resize(out.size() - stream.avail_out - kDeflateTail);
  deflateEnd(&stream);
  return out;
}

void expect_corrupt(std::string_view received) {
  support::for_each_chunking(received, [](const support::Chunks& chunks) {
    Harness harness(agreed());
    harness.receive_all(chunks);
    CHECK(harness.events.empty());
    CHECK(harness.failure() == ErrorCode::kInvalidCompression);
    CHECK(harness.sent() ==
          client_frame(0x88, close_payload(1007, "message that does not inflate")));
  });
}

// What a server that agreed reads of all that this client sent.
Events read_by_server(const std::string& sent) {
  Harness server({.role = Role::kServer, .deflate = DeflateSettings{}});
  server.receive(sent);
  CHECK_FALSE(server.failure());
  return server.events;
}

}  // namespace

TEST_CASE("deflate: a compressed message is delivered inflated (RFC 7692 7.2.3.1)",
          "[connection]") {
  expect("\xc1\x07" + compressed_hello(), {.events = {"text Hello"}}, agreed());
  expect("\xc2\x07" + compressed_hello(), {.events = {"binary Hello"}}, agreed());
}

TEST_CASE("deflate: RSV1 stands on the first of several fragments only (RFC 7692 7.2.3.1)",
          "[connection]") {
  expect("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"s, {.events = {"text Hello"}}, agreed());
  expect("\x41\x00\x00\x03\xf2\x48\xcd\x00\x00\x00\x04\xc9\xc9\x07\x00\x80\x00"s,
         {.events = {"text Hello"}}, agreed());
}

TEST_CASE("deflate: the window of a message serves the next (RFC 7692 7.2.3.2)", "[connection]") {
  expect("\xc1\x07" + compressed_hello() + "\xc1\x05\xf2\x00\x11\x00\x00"s,
         {.events = {"text Hello", "text Hello"}}, agreed());
}

TEST_CASE("deflate: without takeover each message begins anew (RFC 7692 7.1.1.1)", "[connection]") {
  const auto settings = agreed({.peer_no_context_takeover = true});
  expect("\xc1\x07" + compressed_hello() + "\xc1\x07" + compressed_hello(),
         {.events = {"text Hello", "text Hello"}}, settings);
  Harness harness(settings);
  harness.receive("\xc1\x07" + compressed_hello());
  CHECK(harness.connection.memory_held() == 0);
  harness.receive("\xc1\x05\xf2\x00\x11\x00\x00"s);  // refers to what is not there
  CHECK(harness.failure() == ErrorCode::kInvalidCompression);
}

TEST_CASE("deflate: messages without RSV1 are as they are (RFC 7692 6)", "[connection]") {
  expect("\xc1\x07" + compressed_hello() + hello() + "\x01\x03Hel\x80\x02lo" + "\xc1\x05" +
             "\xf2\x00\x11\x00\x00"s,
         {.events = {"text Hello", "text Hello", "text Hello", "text Hello"}}, agreed());
}

TEST_CASE("deflate: empty messages, blocks with BFINAL and blocks without compression",
          "[connection]") {
  expect("\xc1\x01\x00"s, {.events = {"text "}}, agreed());
  expect("\xc1\x00"s, {.events = {"text "}}, agreed());
  expect("\x41\x00\x80\x00"s, {.events = {"text "}}, agreed());
  expect("\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"s, {.events = {"text Hello"}}, agreed());
  expect("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s + "\xc1\x05\xf2\x00\x11\x00\x00"s,
         {.events = {"text Hello", "text Hello"}}, agreed());
  expect("\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s,
         {.events = {"text Hello"}}, agreed());
}

TEST_CASE("deflate: control frames between compressed fragments (RFC 7692 7.2.3.1)",
          "[connection]") {
  expect("\x41\x03\xf2\x48\xcd\x89\x01!\x8a\x01?\x80\x04\xc9\xc9\x07\x00"s,
         {.events = {"pong ?", "text Hello"}, .sent = client_frame(0x8a, "!")}, agreed());
}

TEST_CASE("deflate: RSV1 on continuations and control frames fails (RFC 7692 6.1)",
          "[connection]") {
  expect_failure("\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00"s, {}, 1002, agreed());
  expect_failure("\x01\x03Hel\xc0\x02lo", {}, 1002, agreed());
  expect_failure("\xc9\x01!", {}, 1002, agreed());
  expect_failure("\xca\x01!", {}, 1002, agreed());
  expect_failure("\xc8\x02\x03\xe8", {}, 1002, agreed());
}

TEST_CASE("deflate: RSV1 that was not agreed on, RSV2 and RSV3 fail (RFC 6455 5.2)",
          "[connection]") {
  expect_failure("\xc1\x07" + compressed_hello(), {}, 1002);
  for (const std::string first : {"\xa1", "\x91", "\xe1", "\xd1", "\xf1", "\xb1"}) {
    expect_failure(first + "\x07" + compressed_hello(), {}, 1002, agreed());
  }
  expect_failure("\xc3\x01x", {}, 1002, agreed());  // of an opcode that does not exist
}

TEST_CASE("deflate: a message inside a compressed one fails (RFC 6455 5.4)", "[connection]") {
  expect_failure("\x41\x03\xf2\x48\xcd" + hello(), {}, 1002, agreed());
  expect_failure("\x41\x03\xf2\x48\xcd\xc1\x07" + compressed_hello(), {}, 1002, agreed());
}

TEST_CASE("deflate: what does not inflate fails with 1007 (RFC 7692 7.2.2)", "[connection]") {
  expect_corrupt("\xc1\x03\xf2\x48\xcd");           // cut within a block
  expect_corrupt("\x41\x03\xf2\x48\xcd\x80\x00"s);  // the same, and the end comes alone
  expect_corrupt("\xc1\x08\x00\x05\x00\xfa\xffHel"s);
  expect_corrupt("\xc1\x01\x07");
  expect_corrupt("\xc1\x05\xf2\x00\x11\x00\x00"s);  // refers to what is not there
  expect_corrupt("\xc1\x0b\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"s);  // its tail was sent
}

TEST_CASE("deflate: UTF-8 is judged as it inflates (RFC 6455 8.1)", "[connection]") {
  const std::string euro = "\xe2\x82\xac";
  const std::string good = compressed("1234" + euro);
  expect(server_frame(0xc1, good), {.events = {"text 1234" + euro}}, agreed());
  expect_failure(server_frame(0xc1, compressed("1234\xff"
                                               "5678")),
                 {}, 1007, agreed());
  expect_failure(server_frame(0xc1, compressed("1234" + euro.substr(0, 2))), {}, 1007, agreed());
  expect(server_frame(0xc2, compressed("\xff\xfe")), {.events = {"binary \xff\xfe"}}, agreed());

  // Bad text is known before its message ends: here the rest never comes.
  Harness harness(agreed());
  harness.receive("\x41\x0c\x00\x05\x00\xfa\xff\xff"s);
  CHECK(harness.failure() == ErrorCode::kInvalidUtf8);
}

TEST_CASE("deflate: max_message counts inflated bytes, not those on the wire", "[connection]") {
  ConnectionSettings settings = agreed();
  settings.max_message = 5;
  expect("\xc1\x07" + compressed_hello(), {.events = {"text Hello"}}, settings);
  expect("\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"s, {.events = {"text Hello"}}, settings);
  settings.max_message = 4;
  expect_failure("\xc1\x07" + compressed_hello(), {}, 1009, settings);
  expect_failure("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"s, {}, 1009, settings);
}

TEST_CASE("deflate: max_frame counts bytes on the wire", "[connection]") {
  ConnectionSettings settings = agreed();
  settings.max_frame = 7;
  expect("\xc1\x07" + compressed_hello(), {.events = {"text Hello"}}, settings);
  settings.max_frame = 6;
  expect_failure("\xc1\x07" + compressed_hello(), {}, 1009, settings);
}

TEST_CASE("deflate: a zip bomb told in chunks is never held at all", "[connection]") {
  ConnectionSettings settings = agreed();
  settings.max_message = SIZE_MAX;

  struct Counter final : ConnectionEvents {
    void on_message(MessageType /*type*/, std::string_view /*data*/) override {}

    void on_pong(std::string_view /*payload*/) override {}

    [[nodiscard]] bool takes_chunks() const override { return true; }

    void on_chunk(const MessageChunk& chunk) override {
      total += chunk.data.size();
      longest = std::max(longest, chunk.data.size());
      is_done = chunk.is_last;
    }

    std::uint64_t total = 0;
    std::size_t longest = 0;
    bool is_done = false;
  } counter;

  Harness harness(settings);
  std::string frame = server_frame(0xc2, compressed(std::string(64 * kMib, '\0')));
  harness.connection.receive(std::as_writable_bytes(std::span(frame)), harness.now, counter);
  CHECK(counter.is_done);
  CHECK(counter.total == 64 * kMib);
  CHECK(counter.longest <= 16'384);
  CHECK(harness.connection.memory_held() <= 42'000);
}

TEST_CASE("deflate: a pause within one frame stops the inflating, and resume() goes on",
          "[connection]") {
  const std::string text(100'000, 'x');
  const std::string frames = server_frame(0xc2, compressed(text)) + hello();
  for (const Role role : {Role::kClient, Role::kServer}) {
    Harness harness({.role = role, .max_message = SIZE_MAX, .deflate = DeflateSettings{}});
    harness.wants_chunks = true;
    int pauses = 0;
    harness.during_chunk = [&] {
      harness.connection.pause(harness.now);
      ++pauses;
    };
    std::string received = frames;
    if (role == Role::kServer) {  // masked with a key that is not zero
      Harness client({.deflate = DeflateSettings{}});
      client.random = support::FixedRandom();
      REQUIRE(client.connection.send(MessageType::kBinary, text) == Sent::kYes);
      REQUIRE(client.connection.send(MessageType::kText, "Hello") == Sent::kYes);
      received = client.sent();
    }
    harness.receive(received);
    CHECK(pauses == 1);
    CHECK(harness.events.empty());
    harness.connection.receive_eof();
    while (harness.connection.state() == State::kOpen) {
      const int before = pauses;
      harness.connection.resume(harness.now, harness);
      CHECK(pauses <= before + 1);
    }
    CHECK(pauses >= 7);
    CHECK(harness.events == Events{"binary " + text, "text Hello"});
    CHECK(harness.failure() == ErrorCode::kConnectionLost);  // the EOF came last
  }
}

TEST_CASE("deflate: stop() within one frame ends the inflating", "[connection]") {
  Harness harness(agreed());
  harness.wants_chunks = true;
  int chunks = 0;
  harness.during_chunk = [&] {
    harness.connection.stop();
    ++chunks;
  };
  harness.receive(server_frame(0xc2, compressed(std::string(100'000, 'x'))));
  CHECK(chunks == 1);
}

TEST_CASE("deflate: an EOF within a compressed message cuts it", "[connection]") {
  Harness harness(agreed());
  harness.receive("\x41\x03\xf2\x48\xcd");
  harness.connection.receive_eof();
  CHECK(harness.connection.failure()->message == "the connection ended in the middle of a message");
}

TEST_CASE("deflate: contexts are made with the first compressed message of their direction",
          "[connection]") {
  Harness harness(agreed({.threshold = 10}));
  CHECK(harness.connection.memory_held() == 0);
  harness.receive(hello());
  CHECK(harness.connection.send(MessageType::kText, "too short") == Sent::kYes);
  CHECK(harness.connection.memory_held() == 0);
  harness.receive("\xc1\x07" + compressed_hello());
  CHECK(harness.connection.memory_held() > 0);
  CHECK(harness.connection.memory_held() < 50'000);
  CHECK(harness.connection.send(MessageType::kText, "long enough") == Sent::kYes);
  CHECK(harness.connection.memory_held() > 260'000);
}

TEST_CASE("deflate: from the threshold on messages are compressed, their tail is not sent",
          "[connection]") {
  Harness harness(agreed({.threshold = 5}));
  CHECK(harness.connection.send(MessageType::kText, "Hell") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "Hell"));
  CHECK(harness.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0xc1, compressed_hello()));
  CHECK(harness.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0xc1, "\xf2\x00\x11\x00\x00"s));  // RFC 7692 7.2.3.2
}

TEST_CASE("deflate: an empty message is never compressed", "[connection]") {
  Harness harness(agreed({.threshold = 0}));
  CHECK(harness.connection.send(MessageType::kText, "") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, ""));
}

TEST_CASE("deflate: a message sent with kNever leaves no trace in the window (CRIME)",
          "[connection]") {
  Harness harness(agreed({.threshold = 0}));
  const std::string secret = "the secret that nobody shall guess";
  CHECK(harness.connection.send(MessageType::kText, secret, Connection::Compress::kNever) ==
        Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, secret));
  CHECK(harness.connection.memory_held() == 0);
  CHECK(harness.connection.send(MessageType::kText, secret) == Sent::kYes);
  CHECK(harness.sent().size() > secret.size());  // it has not been said before
}

TEST_CASE("deflate: our own takeover is given up when that was agreed on (RFC 7692 7.1.1.2)",
          "[connection]") {
  Harness harness(agreed({.no_context_takeover = true, .threshold = 5}));
  for (int i = 0; i < 2; ++i) {
    CHECK(harness.connection.send(MessageType::kText, "HelloHelloHello") == Sent::kYes);
    const std::string sent = harness.sent();
    CHECK(sent.substr(0, 1) == "\xc1");
    CHECK(sent.size() < client_frame(0x81, "HelloHelloHello").size());
    CHECK(read_by_server(sent) == Events{"text HelloHelloHello"});
    CHECK(harness.connection.memory_held() == 0);
  }
}

TEST_CASE("deflate: a message that grows is sent as it is when no window depends on it",
          "[connection]") {
  const std::string grows = "abcdefghij";
  Harness forgetful(agreed({.no_context_takeover = true, .threshold = 5}));
  CHECK(forgetful.connection.send(MessageType::kBinary, grows) == Sent::kYes);
  CHECK(forgetful.sent() == client_frame(0x82, grows));

  Harness keeping(agreed({.threshold = 5}));
  CHECK(keeping.connection.send(MessageType::kBinary, grows) == Sent::kYes);
  const std::string sent = keeping.sent();
  CHECK(sent.substr(0, 1) == "\xc2");
  CHECK(read_by_server(sent) == Events{"binary " + grows});
}

TEST_CASE("deflate: for a window of 8 bits we send nothing compressed (RFC 7692 7.1.2.2)",
          "[connection]") {
  Harness harness(agreed({.window_bits = 8, .threshold = 0}));
  CHECK(harness.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "Hello"));
  harness.receive("\xc1\x07" + compressed_hello());
  CHECK(harness.events == Events{"text Hello"});
}

TEST_CASE("deflate: long messages leave in frames of 16 KiB, and arrive whole", "[connection]") {
  std::string text;
  unsigned value = 1;
  while (text.size() < kMib) {  // does not shrink
    value = value * 1664525U + 1013904223U;
    text += static_cast<char>(value >> 24U);
  }
  for (const std::size_t size : {std::size_t{16'380}, std::size_t{16'384}, std::size_t{16'390},
                                 std::size_t{100'000}, text.size()}) {
    for (const bool forgets : {false, true}) {
      Harness client(agreed({.no_context_takeover = forgets}));
      const std::string message = text.substr(0, size);
      const std::size_t most = client.connection.most_sent(size);
      CHECK(client.connection.send(MessageType::kBinary, message) == Sent::kYes);
      CHECK(client.connection.send(MessageType::kText, "and another") == Sent::kYes);
      CHECK(client.output.size() <= most + client_frame(0x81, "and another").size());
      CHECK(read_by_server(client.sent()) == Events{"binary " + message, "text and another"});
    }
  }
}

TEST_CASE("deflate: text that is not UTF-8 does not reach the compressor", "[connection]") {
  Harness harness(agreed({.threshold = 0}));
  CHECK(harness.connection.send(MessageType::kText, "\xff") == Sent::kInvalidUtf8);
  CHECK(harness.connection.memory_held() == 0);
  CHECK(harness.output.empty());
}

TEST_CASE("deflate: received_bytes() counts what was on the wire", "[connection]") {
  Harness harness(agreed());
  harness.receive("\xc1\x07" + compressed_hello());
  CHECK(harness.connection.received_bytes() == 7);
}

}  // namespace ws::protocol
