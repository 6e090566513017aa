// SPDX-License-Identifier: MIT
// What a connection sends in either role, and a server's side of receiving.
#include <set>

#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Sent = Connection::Sent;

std::string masked_hello() {
  return "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
}

// A sender with randomness of its own choice.
struct Sender {
  explicit Sender(RandomSource& random, ConnectionSettings settings = {})
      : connection(settings, random, output, TimePoint{}) {}

  ByteQueue output;
  Connection connection;
};

// Two connections that talk until neither has anything to say.
void exchange(Harness& a, Harness& b) {
  while (!a.output.empty() || !b.output.empty()) {
    b.receive(a.sent());
    a.receive(b.sent());
  }
}

}  // namespace

TEST_CASE("send: a client's \"Hello\" is masked as in the example (RFC 6455 5.7)",
          "[connection][RFC6455-5.1-mask][RFC6455-5.2-layout]") {
  support::FixedRandom random;
  Sender sender(random);
  CHECK(sender.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(contents(sender.output) == masked_hello());
}

TEST_CASE("send: a server's \"Hello\" is not masked (RFC 6455 5.1, 5.7)", "[connection]") {
  Harness server({.role = Role::kServer});
  CHECK(server.connection.send(MessageType::kText, "Hello") == Sent::kYes);
  CHECK(server.connection.ping("Hello"));
  CHECK(server.sent() == "\x81\x05Hello\x89\x05Hello");
}

TEST_CASE("send: every frame has a key of its own (RFC 6455 5.3)",
          "[connection][RFC6455-5.3-key][CVE-mask-key]") {
  support::CountingRandom random;
  Sender sender(random);
  std::set<std::string> keys;
  for (int i = 0; i < 60; ++i) {
    CHECK(sender.connection.send(MessageType::kBinary, "") == Sent::kYes);
    CHECK(sender.connection.ping(""));
    keys.insert(contents(sender.output).substr(2, 4));
    keys.insert(contents(sender.output).substr(8, 4));
    sender.output.clear();
  }
  CHECK(keys.size() == 64);  // all that a counter of one byte has
}

TEST_CASE("send: text must be UTF-8, binary need not (RFC 6455 5.6)",
          "[connection][RFC6455-5.6-text][RFC6455-5.6-binary]") {
  Harness harness;
  CHECK(harness.connection.send(MessageType::kText, "\xff") == Sent::kInvalidUtf8);
  CHECK(harness.output.empty());
  CHECK(harness.connection.send(MessageType::kBinary, "\xff") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x82, "\xff"));
}

TEST_CASE("send: a ping takes 125 bytes and no more (RFC 6455 5.5)",
          "[connection][RFC6455-5.5-length]") {
  Harness harness;
  CHECK(harness.connection.ping(std::string(125, 'x')));
  CHECK(harness.sent() == client_frame(0x89, std::string(125, 'x')));
  CHECK_FALSE(harness.connection.ping(std::string(126, 'x')));
  CHECK(harness.output.empty());
}

TEST_CASE("send: frames of every size are whole, masked in pieces or not",
          "[connection][RFC6455-5.1-mask]") {
  for (const std::size_t size :
       {0U, 125U, 126U, 65535U, 65536U, 65537U, 131072U, 131073U, 300001U}) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>('!' + i % 90);
    }
    support::FixedRandom random;
    Sender sender(random);
    CHECK(sender.connection.send(MessageType::kText, text) == Sent::kYes);
    Harness server({.role = Role::kServer});
    server.receive(contents(sender.output));
    CHECK(server.events == std::vector<std::string>{"text " + text});
  }
}

TEST_CASE("server role: masked frames are unmasked under every chunking (RFC 6455 5.3)",
          "[connection][CVE-bounds]") {
  const std::string ping = "\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";  // RFC 6455 5.7
  const std::string fragments =
      "\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d"
      "\x80\x82\x01\x02\x03\x04\x6d\x6d";
  expect(masked_hello() + ping + fragments,
         {.events = {"text Hello", "text Hello"}, .sent = "\x8a\x05Hello"},
         {.role = Role::kServer});
}

TEST_CASE("server role: an unmasked frame fails (RFC 6455 5.1)", "[connection]") {
  Harness server({.role = Role::kServer});
  server.receive(masked_hello() + "\x81\x05Hello");
  CHECK(server.events == std::vector<std::string>{"text Hello"});
  CHECK(server.sent().substr(0, 1) == "\x88");
  CHECK(server.failure() == ErrorCode::kProtocolViolation);
}

TEST_CASE("server role: paused bytes are unmasked once", "[connection]") {
  Harness server({.role = Role::kServer});
  server.during_message = [&] { server.connection.pause(server.now); };
  server.receive(masked_hello() + masked_hello().substr(0, 8));
  server.receive(masked_hello().substr(8));
  server.connection.resume(server.now, server);
  CHECK(server.events == std::vector<std::string>{"text Hello", "text Hello"});
}

TEST_CASE("both roles: messages, pings and the closing handshake agree", "[connection]") {
  Harness client;
  Harness server({.role = Role::kServer});
  server.during_message = [&] {
    CHECK(server.connection.send(MessageType::kText, server.events.back()) == Sent::kYes);
  };
  CHECK(client.connection.send(MessageType::kText, "a") == Sent::kYes);
  CHECK(client.connection.ping("b"));
  exchange(client, server);
  CHECK(client.events == std::vector<std::string>{"text text a", "pong b"});
  client.connection.close(4000, "done", client.now);
  exchange(client, server);
  CHECK(client.connection.state() == ConnectionState::kClosed);
  CHECK(server.connection.state() == ConnectionState::kClosed);
  CHECK(server.connection.close_info().code == 4000);
  CHECK(server.connection.close_info().reason == "done");
  CHECK(client.connection.close_info().code == 4000);
}

TEST_CASE("received_bytes: the payload of data frames, unfinished ones included", "[connection]") {
  Harness harness;
  harness.receive(
      "\x81\x05Hello\x89\x03pin\x01\x03"
      "abc\x80\x7dx");
  CHECK(harness.connection.received_bytes() == 9);
}

}  // namespace ws::protocol
