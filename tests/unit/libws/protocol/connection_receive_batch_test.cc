// SPDX-License-Identifier: MIT
// Messages told together are those told one by one, at the same place among all other events,
// whatever the stream holds and however it is cut.
#include "connection_harness.h"
#include "protocol/ascii_run.h"
#include "protocol/message_batch.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Events = std::vector<std::string>;

// Notes messages as the harness does, and how many came at once.
class BatchHarness : public Harness {
 public:
  using Harness::Harness;

  [[nodiscard]] bool takes_batches() const override { return true; }

  void on_messages(std::span<const Message> messages) override {
    sizes.push_back(messages.size());
    for (const Message& message : messages) {
      on_message(message.type, message.data);
    }
    received.push_back(connection.received_bytes());
    if (after_batch) {
      after_batch();
    }
  }

  std::vector<std::size_t> sizes;
  std::vector<std::uint64_t> received;  // received_bytes() in each
  std::function<void()> after_batch;
};

std::string text(std::size_t size) {
  return server_frame(0x81, std::string(size, 'x'));
}

// What neither harness may tell apart.
void check_same(const Harness& one_by_one, const Harness& together) {
  CHECK(one_by_one.events == together.events);
  CHECK(contents(one_by_one.output) == contents(together.output));
  CHECK(one_by_one.connection.state() == together.connection.state());
  CHECK(one_by_one.connection.received_bytes() == together.connection.received_bytes());
  CHECK(one_by_one.connection.memory_held() == together.connection.memory_held());
  CHECK(one_by_one.connection.deadline() == together.connection.deadline());
  REQUIRE((one_by_one.connection.failure() != nullptr) ==
          (together.connection.failure() != nullptr));
  if (one_by_one.connection.failure()) {
    CHECK(one_by_one.connection.failure()->message == together.connection.failure()->message);
    CHECK(one_by_one.connection.failure()->code == together.connection.failure()->code);
  }
}

void compare(std::string_view stream, const ConnectionSettings& settings) {
  support::for_each_chunking(stream, [&](const support::Chunks& chunks) {
    Harness one_by_one(settings);
    BatchHarness together(settings);
    for (const auto chunk : chunks) {
      one_by_one.now += std::chrono::milliseconds(7);
      together.now = one_by_one.now;
      one_by_one.receive(chunk);
      together.receive(chunk);
    }
    check_same(one_by_one, together);
  });
}

ConnectionSettings limited() {
  ConnectionSettings settings;
  settings.max_message = 300;
  settings.ping_interval = std::chrono::seconds(10);
  settings.ping_timeout = std::chrono::seconds(5);
  return settings;
}

// Short and long text, binary, nothing, characters of all sizes, a ping and a pong between, and a
// message in fragments with one inside.
std::string good_stream() {
  return text(1) + text(0) + server_frame(0x82, "\xff\x00\x81"s) + text(125) +
         server_frame(0x89, "?") + server_frame(0x81, "é€😀") + text(126) + text(2) +
         server_frame(0x01, "ab") + server_frame(0x8a, "!") + server_frame(0x80, "cd") + text(3) +
         text(200) + text(4);
}

}  // namespace

TEST_CASE("batch: all messages come as they do one by one, under every chunking",
          "[connection][OWN-chunking]") {
  const std::string end =
      GENERATE(""s, server_frame(0x81, "\xc0\x80"),                  // invalid
               server_frame(0x81, "a cut character \xe2\x82"),       // the same at the end
               text(301),                                            // too long, 16 bits
               server_frame(0x82, std::string(300, 'b')) + "\x83"s,  // as long as it may be
               "\x81\x7e\x00\x05Hello"s,                             // not the shortest form
               "\x81\x85\x00\x00\x00\x00Hello"s,                     // masked
               "\xc1\x05Hello"s,                                     // compressed, not agreed on
               server_frame(0x80, "continuation without a message"),
               server_frame(0x01, "a") + text(5),  // a message within one
               server_frame(0x88, close_payload(1000)) + text(6));
  compare(good_stream() + end + text(7), limited());
}

TEST_CASE("batch: max_frame is kept as max_message is", "[connection]") {
  ConnectionSettings settings;
  settings.max_frame = 100;
  compare(text(99) + text(100) + text(101) + text(1), settings);
  compare(text(99) + text(127) + text(1), settings);
}

TEST_CASE("batch: uncompressed messages of a compressed connection are told together",
          "[connection]") {
  ConnectionSettings settings;
  settings.deflate.emplace();
  const std::string hello = server_frame(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  compare(text(1) + hello + text(2) + text(3) + hello + text(4), settings);
}

TEST_CASE("batch: what lies whole in a read comes at once, up to 64 messages and 64 KiB",
          "[connection]") {
  static_assert(MessageBatch::kMaxMessages == 64 && MessageBatch::kMaxBytes == 65'536);
  std::string stream;
  for (int i = 0; i < 130; ++i) {
    stream += text(3);
  }
  BatchHarness many;
  many.receive(stream + "\x81");
  CHECK(many.sizes == std::vector<std::size_t>{64, 64, 2});
  CHECK(many.received == std::vector<std::uint64_t>{192, 384, 390});

  BatchHarness large;
  large.receive(text(65'535) + text(1) + text(2) + text(65'535));
  CHECK(large.sizes == std::vector<std::size_t>{2, 1, 1});

  BatchHarness alone;
  alone.receive(text(65'536) + text(1));
  CHECK(alone.sizes == std::vector<std::size_t>{1});
  CHECK(alone.events.size() == 2);
}

TEST_CASE("batch: a pause inside it stops what follows, and takes nothing of it back",
          "[connection]") {
  BatchHarness harness;
  harness.after_batch = [&] { harness.connection.pause(harness.now); };
  harness.receive(text(1) + text(2) + server_frame(0x89, "?") + text(3));
  CHECK(harness.events == Events{"text x", "text xx"});
  CHECK(harness.sent().empty());
  harness.connection.resume(harness.now, harness);
  CHECK(harness.events == Events{"text x", "text xx", "text xxx"});
  CHECK(harness.sent() == client_frame(0x8a, "?"));
}

TEST_CASE("batch: stop() inside it is the end of everything", "[connection]") {
  BatchHarness harness;
  harness.after_batch = [&] { harness.connection.stop(); };
  harness.receive(text(1) + text(2) + server_frame(0x89, "?") + text(3));
  CHECK(harness.events == Events{"text x", "text xx"});
  CHECK(harness.sent().empty());
}

TEST_CASE("batch: a server's side is told one by one", "[connection]") {
  ConnectionSettings settings;
  settings.role = Role::kServer;
  BatchHarness harness(settings);
  harness.receive(client_frame(0x81, "a") + client_frame(0x81, "b"));
  CHECK(harness.events == Events{"text a", "text b"});
  CHECK(harness.sizes.empty());
}

TEST_CASE("ascii run: every length with every place of a byte that is none", "[utf8]") {
  for (std::size_t size = 0; size <= 200; ++size) {
    std::vector<std::byte> bytes(size, std::byte{0x7f});  // of its exact size
    REQUIRE(is_ascii(bytes));
    for (std::byte& byte : bytes) {
      byte = std::byte{0x80};
      REQUIRE_FALSE(is_ascii(bytes));
      byte = std::byte{0x7f};
    }
  }
}

}  // namespace ws::protocol
