// SPDX-License-Identifier: MIT
// Many messages at once are on the wire what as many single ones are, and stop where those would.
#include <random>
#include <stdexcept>

#include "connection_harness.h"

namespace ws::protocol {
namespace {

using Sent = Connection::Sent;
using Compress = Connection::Compress;
using Messages = std::vector<std::string_view>;

constexpr std::size_t kNoLimit = std::size_t{1} << 40;

// A sender with keys that count, so that two of them can be laid beside each other.
struct Sender : ConnectionEvents {
  explicit Sender(ConnectionSettings settings = {})
      : connection(settings, random, output, TimePoint{}) {}

  void on_message(MessageType /*type*/, std::string_view /*data*/) override {}

  void on_pong(std::string_view /*payload*/) override {}

  void receive(std::string text) {
    connection.receive(std::as_writable_bytes(std::span(text)), TimePoint{}, *this);
  }

  Connection::BatchSent send_batch(MessageType type, const Messages& messages,
                                   std::size_t limit = kNoLimit) {
    return connection.send_batch(type, messages, Compress::kIfLongEnough, limit);
  }

  // What send_batch() is to be the same as.
  Connection::BatchSent send_each(MessageType type, const Messages& messages,
                                  std::size_t limit = kNoLimit) {
    Connection::BatchSent result;
    for (const std::string_view message : messages) {
      if (!connection.has_room_for(message.size(), limit)) {
        break;
      }
      result.sent = connection.send(type, message);
      if (result.sent != Sent::kYes) {
        break;
      }
      ++result.taken;
    }
    return result;
  }

  support::CountingRandom random;
  ByteQueue output;
  Connection connection;
};

bool operator==(const Connection::BatchSent& a, const Connection::BatchSent& b) {
  return a.taken == b.taken && a.sent == b.sent;
}

// Prepares both in the same way.
void check_same(
    MessageType type, const Messages& messages, std::size_t limit = kNoLimit,
    const ConnectionSettings& settings = {},
    const std::function<void(Sender&)>& prepare = [](Sender&) {}) {
  Sender batch(settings);
  Sender each(settings);
  prepare(batch);
  prepare(each);
  CHECK((batch.send_batch(type, messages, limit) == each.send_each(type, messages, limit)));
  const bool is_same = contents(batch.output) == contents(each.output);
  CHECK(is_same);
}

std::vector<std::string> texts_of_sizes(const std::vector<std::size_t>& sizes) {
  std::vector<std::string> texts;
  for (const std::size_t size : sizes) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>('!' + (i + size) % 90);
    }
    texts.push_back(text);
  }
  return texts;
}

Messages views_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("batch: messages of every size are on the wire as if sent one by one",
          "[connection][RFC6455-5.1-mask][RFC6455-5.3-key]") {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size <= 300; ++size) {
    sizes.push_back(size);
  }
  for (const std::size_t size : {1024U, 16384U, 65522U, 3U, 65523U, 65535U, 65536U, 70000U, 5U}) {
    sizes.push_back(size);
  }
  const auto texts = texts_of_sizes(sizes);
  for (const MessageType type : {MessageType::kText, MessageType::kBinary}) {
    check_same(type, views_of(texts));
    check_same(type, views_of(texts), kNoLimit, {.role = Role::kServer});
    check_same(type, views_of(texts), kNoLimit, {.deflate = DeflateSettings{}});
  }
}

TEST_CASE("batch: a server reads what random batches hold", "[connection]") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> texts;
    for (std::size_t count = random() % 150; texts.size() < count;) {
      const std::size_t size = random() % (random() % 20 == 0 ? 3000 : 130);
      texts.push_back(random() % 4 == 0 ? "\u00e9" + std::string(size, 'a') + "\u20ac"
                                        : std::string(size, 'b'));
    }
    Sender sender;
    CHECK(sender.send_batch(MessageType::kText, views_of(texts)).taken == texts.size());
    Harness server({.role = Role::kServer});
    server.receive(contents(sender.output));
    REQUIRE(server.events.size() == texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      REQUIRE(server.events[i] == "text " + texts[i]);
    }
  }
}

TEST_CASE("batch: it ends before the first text that is not UTF-8 (RFC 6455 5.6)",
          "[connection][RFC6455-5.6-text]") {
  for (const std::string bad : {"\xff", "a line of thirty-two bytes here\xc3", "\xed\xa0\x80"}) {
    for (std::size_t k = 0; k < 140; ++k) {
      Messages messages(k, "fine, caf\u00e9");
      messages.insert(messages.end(), {bad, "behind", "it"});
      Harness batch;
      const auto sent = batch.connection.send_batch(MessageType::kText, messages, {}, kNoLimit);
      CHECK(sent.taken == k);
      CHECK(sent.sent == Sent::kInvalidUtf8);
      std::string expected;
      for (std::size_t i = 0; i < k; ++i) {
        expected += client_frame(0x81, "fine, caf\u00e9");
      }
      CHECK(contents(batch.output) == expected);
      CHECK(batch.connection.send(MessageType::kText, "on") == Sent::kYes);
      CHECK(batch.sent() == expected + client_frame(0x81, "on"));
      check_same(MessageType::kBinary, messages);
    }
  }
}

TEST_CASE("batch: it ends where the output could become longer than its limit", "[connection]") {
  const auto texts = texts_of_sizes({100, 0, 125, 126, 3, 200, 70'000, 1});
  const auto queue_something = [](Sender& sender) { CHECK(sender.connection.ping("ping")); };
  for (const std::size_t limit : {0U, 1U, 13U, 14U, 99U, 69'999U, 70'560U, 80'000U}) {
    check_same(MessageType::kText, views_of(texts), limit);
  }
  for (std::size_t limit = 100; limit < 700; ++limit) {
    check_same(MessageType::kText, views_of(texts), limit);
    check_same(MessageType::kText, views_of(texts), limit, {}, queue_something);
  }
  check_same(MessageType::kText, views_of(texts), 300, {.deflate = DeflateSettings{}});
  Sender sender;
  const auto sent = sender.send_batch(MessageType::kText, views_of(texts), 0);
  CHECK(sent.taken == 0);
  CHECK(sent.sent == Sent::kYes);
  CHECK(sender.output.allocated() == 0);
}

TEST_CASE("batch: a pong that was held back goes before the first message, when it can",
          "[connection][RFC6455-5.5.2-pong]") {
  const ConnectionSettings settings{.max_queued_pongs = 1};
  const auto hold_pong = [](Sender& sender) {
    sender.receive(
        "\x89\x01"
        "a\x89\x01"
        "b\x89\x01"
        "c");
  };
  const auto free_pong = [&](Sender& sender) {
    hold_pong(sender);
    sender.output.clear();
  };
  const Messages messages = {"one", "two", "three"};
  check_same(MessageType::kText, messages, kNoLimit, settings, hold_pong);
  for (std::size_t limit = 0; limit < 60; ++limit) {
    check_same(MessageType::kText, messages, limit, settings, free_pong);
  }
  check_same(MessageType::kText, {"\xff", "two"}, kNoLimit, settings, free_pong);
}

TEST_CASE("batch: nothing is taken unless it is open and no message is being written",
          "[connection]") {
  Sender writing;
  CHECK(writing.connection.start_message(MessageType::kText));
  CHECK(writing.send_batch(MessageType::kText, {"a"}).sent == Sent::kNotOpen);
  Sender closing;
  closing.connection.close(1000, "", TimePoint{});
  const std::string before = contents(closing.output);
  CHECK(closing.send_batch(MessageType::kText, {"a", "b"}).sent == Sent::kNotOpen);
  CHECK(contents(closing.output) == before);
}

TEST_CASE("batch: it takes no more memory than its bytes need", "[connection]") {
  Sender sender;
  const Messages messages(64, "sixteen bytes ..");
  CHECK(sender.send_batch(MessageType::kText, messages).taken == 64);
  CHECK(sender.output.allocated() < 5000);
  sender.output.clear();
  CHECK(sender.send_batch(MessageType::kText, {"\xff"}).taken == 0);
  CHECK(sender.output.allocated() == 0);
}

TEST_CASE("batch: without randomness nothing is written (RFC 6455 10.3)",
          "[connection][RFC6455-5.3-key]") {
  struct NoRandom : RandomSource {
    void fill(std::span<std::byte> /*bytes*/) override { throw std::runtime_error("none"); }
  } random;

  ByteQueue output;
  Connection connection({}, random, output, TimePoint{});
  const Messages messages = {"a", "b"};
  CHECK_THROWS(connection.send_batch(MessageType::kText, messages, {}, kNoLimit));
  CHECK(output.empty());
}

}  // namespace ws::protocol
