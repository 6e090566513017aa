// SPDX-License-Identifier: MIT
// Every limit of a connection at its edge, and what a peer tries against its memory.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;

constexpr std::size_t kMillion = 1'000'000;

std::string pings(std::size_t count) {
  std::string frames;
  for (std::size_t i = 0; i < count; ++i) {
    frames += server_frame(0x89, std::to_string(i));
  }
  return frames;
}

std::string pongs(std::size_t first, std::size_t end) {
  std::string frames;
  for (std::size_t i = first; i < end; ++i) {
    frames += client_frame(0x8a, std::to_string(i));
  }
  return frames;
}

}  // namespace

TEST_CASE("limits: max_message bytes are taken, one more is 1009, however fragmented",
          "[connection][RFC6455-10.4-limits]") {
  const ConnectionSettings settings{.max_message = 8};
  expect(
      "\x82\x08"
      "12345678",
      {.events = {"binary 12345678"}}, settings);
  expect_failure(
      "\x82\x09"
      "123456789",
      {}, 1009, settings);
  expect(
      "\x02\x04"
      "1234\x80\x04"
      "5678",
      {.events = {"binary 12345678"}}, settings);
  expect_failure(
      "\x02\x04"
      "1234\x80\x05"
      "56789",
      {}, 1009, settings);
  expect(
      "\x02\x08"
      "12345678\x80\x00"s,
      {.events = {"binary 12345678"}}, settings);
  expect_failure(
      "\x02\x08"
      "12345678\x00\x01"
      "9"s,
      {}, 1009, settings);
  expect_failure(
      "\x81\x01"
      "a\x82\x09"
      "123456789",
      {"text a"}, 1009, settings);
}

TEST_CASE("limits: size and limit of a refused message are told to us and not to the peer",
          "[connection]") {
  Harness harness({.max_message = 8});
  harness.receive(
      "\x02\x04"
      "1234\x80\x05");
  REQUIRE(harness.connection.failure());
  CHECK_THAT(harness.connection.failure()->message, ContainsSubstring("at least 9 bytes, limit 8"));
  CHECK(harness.sent() ==
        client_frame(0x88, close_payload(1009, "message longer than max_message")));
}

TEST_CASE("limits: max_frame bounds each data frame, before its bytes come", "[connection]") {
  const ConnectionSettings settings{.max_message = 100, .max_frame = 4};
  expect(
      "\x82\x04"
      "1234",
      {.events = {"binary 1234"}}, settings);
  expect(
      "\x02\x04"
      "1234\x80\x04"
      "5678",
      {.events = {"binary 12345678"}}, settings);
  expect("\x89\x05Hello", {.sent = client_frame(0x8a, "Hello")}, settings);
  expect_failure(
      "\x82\x05"
      "12345",
      {}, 1009, settings);
  expect_failure(
      "\x02\x01"
      "1\x80\x05",
      {}, 1009, settings);
  Harness harness(settings);
  harness.receive("\x82\x05");
  REQUIRE(harness.connection.failure());
  CHECK_THAT(harness.connection.failure()->message, ContainsSubstring("5 bytes, limit 4"));
}

TEST_CASE("limits: control frames do not count as message (gorilla CVE-2020-27813)",
          "[connection][CVE-length]") {
  expect(
      "\x02\x04"
      "1234\x89\x04"
      "ping\x80\x04"
      "5678",
      {.events = {"binary 12345678"}, .sent = client_frame(0x8a, "ping")}, {.max_message = 8});
}

TEST_CASE("limits: lengths up to 2^63 - 1 are compared without overflow",
          "[connection][CVE-length]") {
  for (const std::string& length :
       {"\x7f\xff\xff\xff\xff\xff\xff\xff"s, "\x00\x00\x00\x00\x80\x00\x00\x00"s,
        "\x00\x00\x00\x00\x7f\xff\xff\xff"s, "\x00\x00\x00\x01\x00\x00\x00\x00"s}) {
    expect_failure("\x82\x7f" + length, {}, 1009);
    expect_failure(
        "\x02\x01"
        "a\x80\x7f" +
            length,
        {}, 1009);
  }
}

TEST_CASE("limits: a declared GiB takes no memory before its bytes come",
          "[connection][CVE-declared-length]") {
  MessageAssembler assembler({.max_message = std::size_t{2} << 30});
  const FrameHeader header{.opcode = Opcode::kBinary, .payload_size = std::uint64_t{1} << 30};
  REQUIRE(assembler.begin_frame(header) == MessageAssembler::Outcome::kTaken);
  CHECK(assembler.allocated() < 64);
  const std::vector<std::byte> ten(10);
  REQUIRE(assembler.judge(ten, Fin::kMore) == MessageAssembler::Outcome::kTaken);
  assembler.store(ten);
  CHECK(assembler.allocated() <= 4096);
}

TEST_CASE("limits: a buffer grows to max_message at most and is given back",
          "[connection][CVE-declared-length]") {
  MessageAssembler assembler({.max_message = 10'000});
  REQUIRE(assembler.begin_frame({.opcode = Opcode::kBinary, .payload_size = 10'000}) ==
          MessageAssembler::Outcome::kTaken);
  const std::vector<std::byte> chunk(100);
  for (int i = 0; i < 100; ++i) {
    const Fin fin = i == 99 ? Fin::kFinal : Fin::kMore;
    REQUIRE(assembler.judge(chunk, fin) == MessageAssembler::Outcome::kTaken);
    assembler.store(chunk);
  }
  CHECK(assembler.allocated() == 10'000);
  CHECK(assembler.take().size() == 10'000);
  CHECK(assembler.allocated() < 64);
}

TEST_CASE("limits: empty fragments have a number, and each message begins at 0",
          "[connection][CVE-fragments]") {
  const ConnectionSettings settings{.max_empty_fragments = 3};
  const std::string three = "\x01\x00\x00\x00\x00\x00\x80\x00"s;
  expect(three + three, {.events = {"text ", "text "}}, settings);
  expect_failure(three + "\x01\x00\x00\x00\x00\x00\x00\x00"s, {"text "}, 1009, settings);
}

TEST_CASE("limits: a million empty fragments end at the limit (ws CVE-2026-48779)",
          "[connection][CVE-fragments]") {
  Harness harness;
  harness.receive("\x01\x01x");
  std::size_t count = 0;
  while (harness.connection.state() == State::kOpen && count < kMillion) {
    harness.receive("\x00\x00"s);
    ++count;
  }
  CHECK(count == 1025);
  CHECK(harness.failure() == ErrorCode::kMessageTooBig);
}

TEST_CASE("limits: a million fragments of one byte are one message",
          "[connection][CVE-fragments][RFC6455-5.4-fragments]") {
  std::string frames = "\x02\x01x";
  for (std::size_t i = 1; i < kMillion; ++i) {
    frames += "\x00\x01x"s;
  }
  Harness harness;
  harness.receive(frames + "\x80\x00"s);
  REQUIRE(harness.events.size() == 1);
  CHECK(harness.events[0].size() == kMillion + std::string("binary ").size());
  CHECK(harness.connection.received_bytes() == kMillion);
}

TEST_CASE("pongs: up to max_queued_pongs wait in a blocked output, then the latest is held",
          "[connection][RFC6455-5.5.3-latest][CVE-pong-queue]") {
  support::for_each_chunking(pings(10), [](const support::Chunks& chunks) {
    Harness harness({.max_queued_pongs = 4});
    harness.receive_all(chunks);  // nothing is taken from the output
    CHECK(contents(harness.output) == pongs(0, 4));
    harness.connection.output_drained();
    CHECK(contents(harness.output) == pongs(0, 4));
    harness.output.clear();
    harness.connection.output_drained();
    CHECK(harness.sent() == pongs(9, 10));
    harness.connection.output_drained();
    CHECK(harness.output.empty());
  });
}

TEST_CASE("pongs: exactly max_queued_pongs wait, none is held back", "[connection]") {
  Harness harness({.max_queued_pongs = 4});
  harness.receive(pings(4));
  CHECK(harness.sent() == pongs(0, 4));
  harness.connection.output_drained();
  CHECK(harness.output.empty());
}

TEST_CASE("pongs: what was queued behind them does not keep the next ones back", "[connection]") {
  Harness harness({.max_queued_pongs = 2});
  harness.receive(pings(3));
  CHECK(harness.connection.send(MessageType::kText, "behind") == Connection::Sent::kYes);
  const std::string waiting = pongs(0, 2);
  harness.output.consume(waiting.size() - 1);
  harness.connection.output_drained();
  CHECK(contents(harness.output).size() == 1 + client_frame(0x81, "behind").size());
  harness.output.consume(1);  // now the pongs have gone, and the message has not
  harness.connection.output_drained();
  CHECK(contents(harness.output) == client_frame(0x81, "behind") + pongs(2, 3));
}

TEST_CASE("pongs: a held one goes out with the next call of any kind", "[connection]") {
  const auto blocked = [](Harness& harness) {
    harness.receive(pings(3));
    harness.sent();
  };
  Harness sending({.max_queued_pongs = 1});
  blocked(sending);
  CHECK(sending.connection.send(MessageType::kText, "x") == Connection::Sent::kYes);
  CHECK(sending.sent() == pongs(2, 3) + client_frame(0x81, "x"));

  Harness receiving({.max_queued_pongs = 1});
  blocked(receiving);
  receiving.receive("\x8a");
  CHECK(receiving.sent() == pongs(2, 3));
}

TEST_CASE("pongs: a held one is forgotten with the Close", "[connection]") {
  Harness harness({.max_queued_pongs = 1});
  harness.receive(pings(3) + "\x88\x00"s);
  harness.sent();
  harness.connection.output_drained();
  CHECK(harness.output.empty());
}

TEST_CASE("pongs: a flood with a blocked writer stays bounded (curl #21911)",
          "[connection][CVE-pong-queue][RFC6455-5.5.3-latest]") {
  Harness harness;
  const std::string flood = pings(10'000);
  for (int i = 0; i < 100; ++i) {
    harness.receive(flood);
  }
  CHECK(harness.output.size() == pongs(0, 64).size());
  harness.output.clear();
  harness.connection.output_drained();
  CHECK(harness.sent() == pongs(9999, 10'000));
}

}  // namespace ws::protocol
