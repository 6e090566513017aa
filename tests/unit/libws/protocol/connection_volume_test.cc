// SPDX-License-Identifier: MIT
// Large messages in every shape: whole, in fragments from 64 bytes, in small chops (the Autobahn
// test suite's groups 7.1.6, 9 and 10). That time is linear is judged by counted work: what a
// connection holds never grows beyond the message, and no chop makes it look at a byte again.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * kKiB;

// Counts and compares instead of keeping: a copy of every message would be the larger part.
class Counter : public ConnectionEvents {
 public:
  explicit Counter(const ConnectionSettings& settings = {})
      : connection(settings, random, output, TimePoint{}) {}

  void on_message(MessageType type, std::string_view data) override {
    ++count;
    last_type = type;
    last_size = data.size();
    is_as_sent = is_as_sent && data.find_first_not_of('*') == std::string_view::npos;
  }

  void on_pong(std::string_view /*payload*/) override {}

  void receive(std::string_view chunk) {
    std::vector<std::byte> buffer(chunk.size());
    std::copy_n(reinterpret_cast<const std::byte*>(chunk.data()), chunk.size(), buffer.begin());
    connection.receive(buffer, TimePoint{}, *this);
    most_held = std::max(most_held, connection.memory_held());
  }

  void receive_in(std::string_view bytes, std::size_t chunk) {
    for (std::size_t i = 0; i < bytes.size(); i += chunk) {
      receive(bytes.substr(i, chunk));
    }
  }

  support::FixedRandom random = support::zero_random();
  ByteQueue output;
  Connection connection;
  std::size_t count = 0;
  std::size_t last_size = 0;
  std::size_t most_held = 0;
  MessageType last_type = MessageType::kText;
  bool is_as_sent = true;
};

// A text or binary message of '*' in fragments of this size.
std::string fragmented(unsigned opcode, std::size_t size, std::size_t fragment) {
  std::string frames;
  for (std::size_t sent = 0; sent < size; sent += fragment) {
    const std::size_t part = std::min(fragment, size - sent);
    const unsigned fin = sent + part == size ? 0x80 : 0;
    frames += server_frame(fin | (sent == 0 ? opcode : 0), std::string(part, '*'));
  }
  return frames;
}

void expect_message(const Counter& counter, MessageType type, std::size_t size) {
  CHECK(counter.count == 1);
  CHECK(counter.last_type == type);
  CHECK(counter.last_size == size);
  CHECK(counter.is_as_sent);
  CHECK(counter.most_held < 2 * size);  // it doubles as it grows
  CHECK(counter.connection.memory_held() == 0);
  CHECK(counter.connection.state() == State::kOpen);
}

}  // namespace

TEST_CASE("volume: messages of 64 KiB to 16 MiB are delivered whole (groups 9.1, 9.2)",
          "[connection][AB-9]") {
  for (const std::size_t size : {64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB, 8 * kMiB, 16 * kMiB}) {
    for (const auto type : {MessageType::kText, MessageType::kBinary}) {
      Counter counter;
      counter.receive_in(fragmented(static_cast<unsigned>(type), size, size), 256 * kKiB);
      expect_message(counter, type, size);
    }
  }
}

TEST_CASE("volume: 4 MiB in fragments of any size are one message (groups 9.3, 9.4)",
          "[connection][AB-9][RFC6455-5.4-fragments]") {
  for (const std::size_t fragment : {std::size_t{64}, std::size_t{256}, 4 * kKiB, kMiB}) {
    for (const auto type : {MessageType::kText, MessageType::kBinary}) {
      Counter counter;
      counter.receive_in(fragmented(static_cast<unsigned>(type), 4 * kMiB, fragment), 256 * kKiB);
      expect_message(counter, type, 4 * kMiB);
    }
  }
}

TEST_CASE("volume: 1 MiB in chops of 64 to 2048 bytes is one message (groups 9.5, 9.6)",
          "[connection][AB-9][OWN-chunking]") {
  for (const std::size_t chop :
       {std::size_t{64}, std::size_t{128}, std::size_t{256}, kKiB / 2, kKiB, 2 * kKiB}) {
    for (const auto type : {MessageType::kText, MessageType::kBinary}) {
      Counter counter;
      counter.receive_in(fragmented(static_cast<unsigned>(type), kMiB, kMiB), chop);
      expect_message(counter, type, kMiB);
    }
  }
}

TEST_CASE("volume: 65536 bytes in fragments of 1300 are one message, sent back in one (group 10.1)",
          "[connection][AB-10]") {
  Harness harness;
  const std::string text(65536, '*');
  harness.during_message = [&] {
    CHECK(harness.connection.send(MessageType::kText, text) == Connection::Sent::kYes);
  };
  harness.receive(fragmented(1, text.size(), 1300));
  CHECK(harness.events == std::vector<std::string>{"text " + text});
  CHECK(harness.sent() == client_frame(0x81, text));
}

TEST_CASE("volume: a Close behind 256 KiB is answered, what follows it is not (group 7.1.6)",
          "[connection][AB-7.1]") {
  Counter counter;
  counter.receive_in(fragmented(1, 256 * kKiB, 256 * kKiB) + "\x88\x02\x03\xe8" + "\x89\x01!", 997);
  CHECK(counter.last_size == 256 * kKiB);
  CHECK(counter.connection.state() == State::kClosed);
  CHECK(contents(counter.output) == client_frame(0x88, "\x03\xe8"));
}

}  // namespace ws::protocol
