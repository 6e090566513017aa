// SPDX-License-Identifier: MIT
// LineWriter: each policy, its corners, and that LineFramer gets back what was written.
#include "daemon/line_writer.h"

#include <random>

#include "daemon/line_framer.h"
#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace wsbridged {
namespace {

using config::BinaryMessages;
using config::EmbeddedDelimiter;
using Refused = Written::Refused;
using Lines = std::vector<std::string>;

std::string content(const ws::ByteQueue& queue) {
  std::vector<std::span<const std::byte>> spans(4096);
  spans.resize(queue.gather(spans));
  std::string text;
  for (const auto span : spans) {
    text.append(reinterpret_cast<const char*>(span.data()), span.size());
  }
  REQUIRE(text.size() == queue.size());
  return text;
}

struct Outcome {
  Written written;
  std::string text;
};

Outcome write(const config::Framing& framing, std::string_view message,
              ws::MessageType type = ws::MessageType::kText) {
  LineWriter writer(framing);
  ws::ByteQueue out;
  const Written written = writer.write({type, message}, out);
  return {written, content(out)};
}

Outcome write_binary(const config::Framing& framing, std::string_view message) {
  return write(framing, message, ws::MessageType::kBinary);
}

config::Framing make(EmbeddedDelimiter policy, const std::string& delimiter = "\n") {
  config::Framing framing;
  framing.embedded_delimiter = policy;
  framing.delimiter = delimiter;
  framing.keep_cr = true;
  return framing;
}

config::Framing make(BinaryMessages policy, const std::string& delimiter = "\n") {
  config::Framing framing = make(EmbeddedDelimiter::kReject, delimiter);
  framing.binary_messages = policy;
  return framing;
}

class Collector : public LineSink {
 public:
  std::size_t on_lines(std::span<const std::string_view> batch) override {
    lines.insert(lines.end(), batch.begin(), batch.end());
    return batch.size();
  }

  Lines lines;
};

Lines read(const config::Framing& framing, const support::Chunks& chunks) {
  LineFramer framer(framing);
  Collector sink;
  for (const std::string_view chunk : chunks) {
    framer.receive(std::as_bytes(std::span(chunk.data(), chunk.size())), sink);
  }
  CHECK(framer.held_bytes() == 0);
  CHECK(framer.state() == FramerState::kReady);
  return sink.lines;
}

std::vector<std::string> self_overlapping() {
  return {"aa", "\n\n", "aba", "abab", "aabaa", "\r\n\r\n", "abcabcab"};
}

// Any text over the delimiter's bytes and a few others.
std::string random_text(std::mt19937& random, const std::string& delimiter) {
  const std::string alphabet = delimiter + delimiter + "\\nrx05af\n\rz\xff ";
  std::string text(random() % 24, '\0');
  for (char& byte : text) {
    byte = alphabet[random() % alphabet.size()];
  }
  return text;
}

std::string random_delimiter(std::mt19937& random) {
  const std::string awkward = "\\nrxX0123456789abcdefABCDEF\n\r\t ;|";
  std::string delimiter(1 + random() % 16, '\0');
  const std::size_t variety = 1 + random() % awkward.size();
  const std::size_t first = random() % awkward.size();
  for (char& byte : delimiter) {
    byte = random() % 8 == 0 ? static_cast<char>(random() % 256)
                             : awkward[(first + random() % variety) % awkward.size()];
  }
  return delimiter;
}

// As many lines as were announced, and a message that was not touched is one of them.
void check_is_read_as_meant(const config::Framing& framing, const std::string& message) {
  const auto [written, text] = write(framing, message);
  const Lines lines = read(framing, {text});
  const bool is_refused = written.refused != Refused::kNo;
  CHECK(lines.size() == (is_refused ? 0 : written.line_count));
  if (!is_refused && !written.altered && written.line_count == 1) {
    CHECK((lines[0] == message || lines[0] + framing.delimiter == message));
  }
}

// Five messages, read under every chunking; none may be refused where the delimiter is usable.
void check_round_trip(const config::Framing& framing, std::mt19937& random) {
  LineWriter writer(framing);
  ws::ByteQueue out;
  Lines messages;
  for (int i = 0; i < 5; ++i) {
    std::string message = random_text(random, framing.delimiter);
    if (writer.write({ws::MessageType::kText, message}, out).refused == Refused::kNo) {
      messages.push_back(std::move(message));
    }
  }
  CHECK((messages.size() == 5 || !LineEscaper(framing.delimiter).is_usable()));
  support::for_each_chunking(content(out), [&](const support::Chunks& chunks) {
    CHECK(read(framing, chunks) == messages);
  });
}

}  // namespace

TEST_CASE("line writer: a message without delimiter is written as it is, under every policy",
          "[line_writer]") {
  for (const auto policy :
       {EmbeddedDelimiter::kSpace, EmbeddedDelimiter::kEscape, EmbeddedDelimiter::kSplit,
        EmbeddedDelimiter::kReject, EmbeddedDelimiter::kKeep}) {
    for (const std::string& delimiter :
         {std::string("\n"), std::string("\0", 1), std::string("END")}) {
      const auto [written, text] = write(make(policy, delimiter), "hello, world");
      CHECK(text == "hello, world" + delimiter);
      CHECK(written.refused == Refused::kNo);
      CHECK(written.line_count == 1);
      CHECK_FALSE(written.altered);
      CHECK(write(make(policy, delimiter), "").text == delimiter);
    }
  }
}

TEST_CASE("line writer: space replaces each delimiter by one space", "[line_writer]") {
  const auto [written, text] = write(make(EmbeddedDelimiter::kSpace), "a\nb\n\nc\n");
  CHECK(text == "a b  c \n");
  CHECK(written.altered);
  CHECK(written.line_count == 1);
  CHECK(write(make(EmbeddedDelimiter::kSpace, "\r\n"), "a\r\nb\rc\n").text == "a b\rc\n\r\n");
}

TEST_CASE("line writer: space is refused where the delimiter holds a space", "[line_writer]") {
  for (const std::string delimiter : {" ", "; ", " |"}) {
    CHECK(
        write(make(EmbeddedDelimiter::kSpace, delimiter), "a" + delimiter + "b").written.refused ==
        Refused::kEmbeddedDelimiter);
    CHECK(write(make(EmbeddedDelimiter::kSpace, delimiter), "ab").text == "ab" + delimiter);
  }
}

TEST_CASE("line writer: escape escapes backslashes and delimiters", "[line_writer]") {
  const auto [written, text] = write(make(EmbeddedDelimiter::kEscape), "a\nb\\n\r");
  CHECK(text == "a\\nb\\\\n\\r\n");
  CHECK_FALSE(written.altered);
  CHECK(write(make(EmbeddedDelimiter::kEscape, {"\0", 1}), {"a\0b", 3}).text ==
        std::string("a\\x00b\0", 7));
}

TEST_CASE("line writer: escape works on messages longer than a piece", "[line_writer]") {
  std::string message;
  std::string line;
  for (int i = 0; i < 10'000; ++i) {
    message += "ab\n";
    line += "ab\\n";
  }
  CHECK(write(make(EmbeddedDelimiter::kEscape), message).text == line + "\n");
}

TEST_CASE("line writer: escape refuses what a delimiter made of escape bytes cannot carry",
          "[line_writer]") {
  const config::Framing framing = make(EmbeddedDelimiter::kEscape, "x");
  CHECK(write(framing, "axb").written.refused == Refused::kEmbeddedDelimiter);
  CHECK(write(framing, "a\\b").text.empty());
  CHECK(write(framing, "ab").text == "abx");
}

TEST_CASE("line writer: split makes each piece a line, and none of a delimiter at the end",
          "[line_writer]") {
  const auto check = [](const std::string& message, const std::string& expected,
                        std::size_t line_count) {
    const auto [written, text] = write(make(EmbeddedDelimiter::kSplit), message);
    CHECK(text == expected);
    CHECK(written.line_count == line_count);
    CHECK_FALSE(written.altered);
  };
  check("a\nb", "a\nb\n", 2);
  check("a\nb\n", "a\nb\n", 2);
  check("a\n\n", "a\n\n", 2);
  check("\n", "\n", 1);
  check("\na", "\na\n", 2);
  check("", "\n", 1);
}

TEST_CASE("line writer: reject refuses and writes nothing", "[line_writer]") {
  const auto [written, text] = write(make(EmbeddedDelimiter::kReject), "a\nb");
  CHECK(written.refused == Refused::kEmbeddedDelimiter);
  CHECK(text.empty());
}

TEST_CASE("line writer: keep writes the message as it is", "[line_writer]") {
  const auto [written, text] = write(make(EmbeddedDelimiter::kKeep, "\n\n"), "a\n\nb\n");
  CHECK(text == "a\n\nb\n\n\n");
  CHECK_FALSE(written.altered);
}

TEST_CASE("line writer: a part of the delimiter that would end the line early counts as embedded",
          "[line_writer]") {
  CHECK(write(make(EmbeddedDelimiter::kSpace, "\n\n"), "a\n").text == "a \n\n");
  CHECK(write(make(EmbeddedDelimiter::kSpace, "\n\n"), "a\n\n\n").text == "a  \n\n");
  CHECK(write(make(EmbeddedDelimiter::kEscape, "\n\n"), "a\n").text == "a\\n\n\n");
  CHECK(write(make(EmbeddedDelimiter::kReject, "abab"), "xab").text.empty());
  CHECK(write(make(EmbeddedDelimiter::kReject, "abab"), "xa").text == "xaabab");
  CHECK(write(make(EmbeddedDelimiter::kReject, "aab"), "xaa").text == "xaaaab");
  const auto split = write(make(EmbeddedDelimiter::kSplit, "\n\n"), "a\n\nb\n");
  CHECK(split.written.refused == Refused::kEmbeddedDelimiter);
  CHECK(split.text.empty());
}

TEST_CASE("line writer: binary messages become base64, hex, bytes or nothing", "[line_writer]") {
  const std::string bytes("\0\xff\x10", 3);
  CHECK(write_binary(make(BinaryMessages::kBase64), bytes).text == "AP8Q\n");
  CHECK(write_binary(make(BinaryMessages::kHex), bytes).text == "00ff10\n");
  CHECK(write_binary(make(BinaryMessages::kRaw), bytes).text == bytes + "\n");
  CHECK(write_binary(make(BinaryMessages::kBase64), "").text == "\n");
  const auto [written, text] = write_binary(make(BinaryMessages::kReject), bytes);
  CHECK(written.refused == Refused::kBinary);
  CHECK(text.empty());
}

TEST_CASE("line writer: binary messages written raw obey embedded_delimiter", "[line_writer]") {
  config::Framing framing = make(EmbeddedDelimiter::kSpace);
  framing.binary_messages = BinaryMessages::kRaw;
  CHECK(write_binary(framing, "a\nb").text == "a b\n");
}

TEST_CASE("line writer: base64 has no seam between its pieces", "[line_writer]") {
  const std::string bytes(100'000, '\0');
  std::string expected(base64_size(bytes.size()), 'A');
  expected.replace(expected.size() - 2, 2, "==");
  CHECK(write_binary(make(BinaryMessages::kBase64), bytes).text == expected + "\n");
  CHECK(write_binary(make(BinaryMessages::kHex), bytes).text == std::string(200'000, '0') + "\n");
}

TEST_CASE("line writer: base64 that holds the delimiter is treated as text that does",
          "[line_writer]") {
  CHECK(write_binary(make(BinaryMessages::kBase64, "A"), {"\0\0\0", 3}).written.refused ==
        Refused::kEmbeddedDelimiter);
  CHECK(write_binary(make(BinaryMessages::kBase64, "=="), "fo").written.refused ==
        Refused::kEmbeddedDelimiter);
  CHECK(write_binary(make(BinaryMessages::kBase64, "A"), "foo").text == "Zm9vA");
  CHECK(write_binary(make(BinaryMessages::kHex, "ab"), "\xab").written.refused ==
        Refused::kEmbeddedDelimiter);
}

TEST_CASE("line writer: raw mode writes the bytes alone", "[line_writer]") {
  config::Framing framing = make(EmbeddedDelimiter::kReject);
  framing.mode = config::FramingMode::kRaw;
  CHECK(write(framing, "a\nb").text == "a\nb");
  CHECK(write_binary(framing, {"\0\n", 2}).text == std::string("\0\n", 2));
  CHECK(write(framing, "").text.empty());
}

TEST_CASE("line writer: lines are appended to what waits already", "[line_writer]") {
  const config::Framing framing = make(EmbeddedDelimiter::kSpace);
  LineWriter writer(framing);
  ws::ByteQueue out;
  for (const std::string_view message : {"one", "t\nwo", "three"}) {
    writer.write({ws::MessageType::kText, message}, out);
  }
  CHECK(content(out) == "one\nt wo\nthree\n");
}

TEST_CASE("line writer: what space, split and reject let through is read as it was meant",
          "[line_writer]") {
  std::mt19937 random(1);
  std::vector<std::string> delimiters = self_overlapping();
  for (int i = 0; i < 200; ++i) {
    delimiters.push_back(random_delimiter(random));
  }
  for (const std::string& delimiter : delimiters) {
    for (int i = 0; i < 20; ++i) {
      const std::string message = random_text(random, delimiter);
      check_is_read_as_meant(make(EmbeddedDelimiter::kSpace, delimiter), message);
      check_is_read_as_meant(make(EmbeddedDelimiter::kSplit, delimiter), message);
      check_is_read_as_meant(make(EmbeddedDelimiter::kReject, delimiter), message);
    }
  }
}

TEST_CASE("line writer: what escape wrote, a framer with escape reads bit for bit",
          "[line_writer]") {
  std::mt19937 random(2);
  std::vector<std::string> delimiters = self_overlapping();
  for (int byte = 0; byte < 256; ++byte) {
    delimiters.emplace_back(1, static_cast<char>(byte));
  }
  for (int i = 0; i < 400; ++i) {
    delimiters.push_back(random_delimiter(random));
  }
  for (const std::string& delimiter : delimiters) {
    config::Framing framing = make(EmbeddedDelimiter::kEscape, delimiter);
    framing.keep_cr = random() % 2 == 0;
    check_round_trip(framing, random);
  }
}

}  // namespace wsbridged
