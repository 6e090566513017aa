// SPDX-License-Identifier: MIT
// What a connection compresses and what it does not, how that looks on the wire, and that a server
// reads it.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Sent = Connection::Sent;
using Events = std::vector<std::string>;

constexpr std::size_t kMib = std::size_t{1} << 20;

ConnectionSettings agreed(DeflateSettings deflate = {}) {
  return {.deflate = deflate};
}

// RFC 7692 section 7.2.3.1.
std::string compressed_hello() {
  return "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
}

// What a server that agreed reads of all that this client sent.
Events read_by_server(const std::string& sent) {
  Harness server({.role = Role::kServer, .deflate = DeflateSettings{}});
  server.receive(sent);
  CHECK_FALSE(server.failure());
  return server.events;
}

}  // namespace

TEST_CASE("deflate: from the threshold on messages are compressed, their tail is not sent",
          "[connection][RFC7692-7.2.1-tail]") {
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
          "[connection][CVE-crime]") {
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
          "[connection][RFC7692-7.1.1.2-client-takeover]") {
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
          "[connection][RFC7692-7.1.2.2-client-window]") {
  Harness harness(agreed({.window_bits = 8, .threshold = 0}));
  CHECK(harness.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "Hello"));
  harness.receive("\xc1\x07" + compressed_hello());
  CHECK(harness.events == Events{"text Hello"});
}

TEST_CASE("deflate: long messages leave in frames of 16 KiB, and arrive whole",
          "[connection][RFC6455-5.4-send][RFC7692-6.1-fragments]") {
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
