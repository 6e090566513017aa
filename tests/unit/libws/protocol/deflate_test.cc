// SPDX-License-Identifier: MIT
// zlib's streams as permessage-deflate needs them: the examples of RFC 7692, the ends of messages,
// and what a context costs.
#include "protocol/deflate.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Outcome = Inflater::Outcome;

constexpr std::size_t kKib = 1024;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One message of it, in these chunks, into a buffer of `room` bytes.
struct Inflated {
  std::string text{};
  Outcome outcome = Outcome::kNeedInput;
};

Inflated inflate(Inflater& inflater, const support::Chunks& chunks, std::size_t room = 4096) {
  Inflated result;
  std::vector<std::byte> out(room);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    auto input = std::as_bytes(std::span(chunks[i]));
    const Fin fin = i + 1 == chunks.size() ? Fin::kFinal : Fin::kMore;
    do {
      const auto step = inflater.inflate(input, out, fin);
      input = input.subspan(step.consumed);
      result.text += text_of(std::span(out).first(step.produced));
      result.outcome = step.outcome;
    } while (result.outcome == Outcome::kOutFull);
    if (result.outcome == Outcome::kCorrupt) {
      return result;
    }
  }
  return result;
}

// Under every chunking, and with little room as well.
void expect_inflated(std::string_view compressed, const std::string& text) {
  support::for_each_chunking(compressed, [&](const support::Chunks& chunks) {
    for (const std::size_t room : {1U, 3U, 4096U}) {
      Inflater inflater;
      const auto result = inflate(inflater, chunks, room);
      CHECK(result.outcome == Outcome::kEnd);
      CHECK(result.text == text);
    }
  });
}

void expect_corrupt(std::string_view compressed) {
  support::for_each_chunking(compressed, [&](const support::Chunks& chunks) {
    for (const std::size_t room : {1U, 4096U}) {
      Inflater inflater;
      CHECK(inflate(inflater, chunks, room).outcome == Outcome::kCorrupt);
    }
  });
}

std::string deflate(Deflater& deflater, const support::Chunks& chunks, std::size_t room = 4096) {
  std::string result;
  std::vector<std::byte> out(room);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    auto input = std::as_bytes(std::span(chunks[i]));
    Deflater::Step step;
    do {
      step = deflater.deflate(input, out, i + 1 == chunks.size() ? Fin::kFinal : Fin::kMore);
      input = input.subspan(step.consumed);
      result += text_of(std::span(out).first(step.produced));
    } while (step.is_full);
  }
  REQUIRE(result.size() >= kDeflateTail);
  CHECK(result.substr(result.size() - kDeflateTail) == "\x00\x00\xff\xff"s);
  return result.substr(0, result.size() - kDeflateTail);
}

// "Hello" as RFC 7692 section 7.2.3 compresses it.
std::string hello() {
  return "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
}

}  // namespace

TEST_CASE("inflate: a message of one block (RFC 7692 7.2.3.1)", "[deflate]") {
  expect_inflated(hello(), "Hello");
}

TEST_CASE("inflate: the second message uses the window of the first (RFC 7692 7.2.3.2)",
          "[deflate]") {
  support::for_each_chunking(hello(), [](const support::Chunks& chunks) {
    Inflater inflater;
    CHECK(inflate(inflater, chunks).text == "Hello");
    const std::string second = "\xf2\x00\x11\x00\x00"s;
    const auto result = inflate(inflater, {second.substr(0, 2), second.substr(2)});
    CHECK(result.outcome == Outcome::kEnd);
    CHECK(result.text == "Hello");
  });
  Inflater without;  // the same bytes point before the window's beginning
  CHECK(inflate(without, {"\xf2\x00\x11\x00\x00"s}).outcome == Outcome::kCorrupt);
}

TEST_CASE("inflate: a block without compression (RFC 7692 7.2.3.3)", "[deflate]") {
  expect_inflated("\x00\x05\x00\xfa\xffHello\x00"s, "Hello");
}

TEST_CASE("inflate: a block with BFINAL ends no message (RFC 7692 7.2.3.4)", "[deflate]") {
  expect_inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, "Hello");
  expect_inflated("\xf3\x48\xcd\xc9\xc9\x07\x00"s + hello(), "HelloHello");
}

TEST_CASE("inflate: a block with BFINAL keeps the window, within a message and behind it",
          "[deflate]") {
  // "Hello" with BFINAL, then a reference to it.
  expect_inflated("\xf3\x48\xcd\xc9\xc9\x07\x00"s + "\xf2\x00\x11\x00\x00"s, "HelloHello");
  Inflater inflater;
  CHECK(inflate(inflater, {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}).text == "Hello");
  CHECK(inflate(inflater, {"\xf2\x00\x11\x00\x00"s}).text == "Hello");
}

TEST_CASE("inflate: a final block at the very end needs no tail", "[deflate]") {
  expect_inflated("\xf3\x48\xcd\xc9\xc9\x07\x00"s, "Hello");
}

TEST_CASE("inflate: two blocks (RFC 7692 7.2.3.5)", "[deflate]") {
  expect_inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, "Hello");
}

TEST_CASE("inflate: an empty message, as 00 (RFC 7692 7.2.3.6) or without any byte", "[deflate]") {
  expect_inflated("\x00"s, "");
  Inflater inflater;
  CHECK(inflate(inflater, {""}).outcome == Outcome::kEnd);
  CHECK(inflate(inflater, {"", ""}).outcome == Outcome::kEnd);
  CHECK(inflate(inflater, {hello()}).text == "Hello");
}

TEST_CASE("inflate: an incomplete block at the end is corrupt (RFC 7692 7.2.2)", "[deflate]") {
  expect_corrupt(hello().substr(0, 3));
  expect_corrupt("\x00\x05\x00\xfa\xffHel"s);  // of a block without compression
  expect_corrupt("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"s);  // the tail was sent as well
  expect_corrupt("\x05"s);  // of a block with a dictionary of its own
}

TEST_CASE("inflate: data that is no DEFLATE is corrupt", "[deflate]") {
  expect_corrupt("\x07"s);                       // the block type 3 that does not exist
  expect_corrupt("\x00\x05\x00\x00\x00Hello"s);  // length and its complement differ
}

TEST_CASE("inflate: little room gives many steps, none larger", "[deflate]") {
  Deflater deflater({});
  const std::string bomb = deflate(deflater, {std::string(1'000'000, 'x')});
  CHECK(bomb.size() < 2000);
  Inflater inflater;
  std::vector<std::byte> out(1000);
  std::size_t total = 0;
  std::size_t steps = 0;
  auto input = std::as_bytes(std::span(bomb));
  Inflater::Step step;
  do {
    step = inflater.inflate(input, out, Fin::kFinal);
    input = input.subspan(step.consumed);
    total += step.produced;
    ++steps;
  } while (step.outcome == Outcome::kOutFull);
  CHECK(step.outcome == Outcome::kEnd);
  CHECK(total == 1'000'000);
  CHECK(steps <= 1001);
}

TEST_CASE("inflate: a peer of nothing but final blocks costs no copy of the window", "[deflate]") {
  Inflater inflater;
  Deflater deflater({});
  inflate(inflater, {deflate(deflater, {std::string(40'000, 'x')})});  // a full window
  std::string blocks;
  for (int i = 0; i < 500'000; ++i) {
    blocks += "\x03\x00"s;  // empty, BFINAL
  }
  CHECK(inflate(inflater, {blocks}).outcome == Outcome::kEnd);
}

TEST_CASE("deflate: messages are inflated to themselves, in whatever pieces", "[deflate]") {
  const std::string text = "HelloHello, compressed message, once more: Hello";
  for (const std::size_t room : {16U, 4096U}) {
    support::for_each_chunking(text, [&](const support::Chunks& chunks) {
      Deflater deflater({});
      Inflater inflater;
      for (int message = 0; message < 3; ++message) {
        CHECK(inflate(inflater, {deflate(deflater, chunks, room)}).text == text);
      }
    });
  }
}

TEST_CASE("deflate: the context is taken over: the second time is shorter (RFC 7692 7.1.1.2)",
          "[deflate]") {
  Deflater deflater({});
  const std::string text = "a message that is said twice, word for word";
  const auto first = deflate(deflater, {text});
  CHECK(deflate(deflater, {text}).size() < first.size() / 2);
}

TEST_CASE("deflate: no distance is longer than the window that was agreed on", "[deflate]") {
  // What lies further back than the window cannot be referred to, so it does not shrink.
  const std::string far = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string text = far;
  unsigned value = 1;
  while (text.size() < 2000) {
    value = value * 1103515245U + 12345U;
    text += static_cast<char>(value >> 16U);
  }
  Deflater narrow({.window_bits = 9});
  Deflater wide({.window_bits = 15});
  CHECK(deflate(narrow, {text, far}).size() > deflate(wide, {text, far}).size() + 30);
}

TEST_CASE("deflate: what the contexts cost is what the documentation says", "[deflate]") {
  const auto sending = [](int bits, int memory_level) {
    return Deflater({.window_bits = bits, .memory_level = memory_level}).allocated();
  };
  const auto documented = [](unsigned bits, unsigned memory_level) {
    return (std::size_t{1} << (bits + 2U)) + (std::size_t{1} << (memory_level + 9U)) + 6 * kKib;
  };
  for (const int bits : {9, 12, 15}) {
    for (const int memory_level : {1, 5, 8, 9}) {
      INFO(bits << "/" << memory_level);
      CHECK(sending(bits, memory_level) <=
            documented(static_cast<unsigned>(bits), static_cast<unsigned>(memory_level)));
    }
  }
  CHECK(sending(15, 8) > 260'000);

  Inflater inflater;
  CHECK(inflater.allocated() < 10 * kKib);
  Deflater deflater({});
  inflate(inflater, {deflate(deflater, {std::string(100'000, 'x')})});
  CHECK(inflater.allocated() > 32 * kKib);
  CHECK(inflater.allocated() <= 42'000);
}

}  // namespace ws::protocol
