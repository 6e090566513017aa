// SPDX-License-Identifier: MIT
// LineFramer: every case under every chunking, and each limit from both sides.
#include "daemon/line_framer.h"

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace wsbridged {
namespace {

using Lines = std::vector<std::string>;

class Collector : public LineSink {
 public:
  std::size_t on_lines(std::span<const std::string_view> batch) override {
    largest_batch = std::max(largest_batch, batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      lines.emplace_back(batch[i]);
      views.push_back(batch[i].data());
      if (lines.size() == stop_after) {
        return i;
      }
    }
    return batch.size();
  }

  Lines lines;
  std::vector<const char*> views;
  std::size_t stop_after = 0;  // refuses this one, counted from 1; 0: none
  std::size_t largest_batch = 0;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Feeds the chunks and the end; what is held stays within the limit all the time.
FramerState feed(LineFramer& framer, const config::Framing& framing, const support::Chunks& chunks,
                 Collector& sink) {
  bool is_bounded = true;
  for (const std::string_view chunk : chunks) {
    framer.receive(bytes_of(chunk), sink);
    is_bounded = is_bounded && framer.held_bytes() <= framing.max_line + framing.delimiter.size();
  }
  CHECK(is_bounded);
  const FramerState state = framer.finish(sink);
  CHECK(framer.held_bytes() == 0);
  return state;
}

void check_lines(const config::Framing& framing, const std::string& text, const Lines& expected) {
  support::for_each_chunking(text, [&](const support::Chunks& chunks) {
    LineFramer framer(framing);
    Collector sink;
    CHECK(feed(framer, framing, chunks, sink) == FramerState::kReady);
    CHECK(sink.lines == expected);
  });
}

void check_too_long(const config::Framing& framing, const std::string& text,
                    const Lines& expected) {
  support::for_each_chunking(text, [&](const support::Chunks& chunks) {
    LineFramer framer(framing);
    Collector sink;
    CHECK(feed(framer, framing, chunks, sink) == FramerState::kTooLong);
    CHECK(sink.lines == expected);
    CHECK(framer.too_long() > framing.max_line);
  });
}

config::Framing with_delimiter(const std::string& delimiter) {
  config::Framing framing;
  framing.delimiter = delimiter;
  return framing;
}

config::Framing with_max_line(std::size_t max_line, const std::string& delimiter = "\n") {
  config::Framing framing = with_delimiter(delimiter);
  framing.max_line = max_line;
  return framing;
}

}  // namespace

TEST_CASE("line framer: lines are cut at \\n, empty ones included", "[line_framer]") {
  check_lines({}, "one\ntwo\n\n\nthree\n", {"one", "two", "", "", "three"});
  check_lines({}, "", {});
  check_lines({}, "\n", {""});
  check_lines({}, std::string("a\0b\n", 4), {std::string("a\0b", 3)});
}

TEST_CASE("line framer: one \\r before \\n is dropped, others stay", "[line_framer]") {
  check_lines({}, "one\r\ntwo\r\r\n\r\na\rb\n\rc\n", {"one", "two\r", "", "a\rb", "\rc"});
}

TEST_CASE("line framer: keep_cr keeps the \\r", "[line_framer]") {
  config::Framing framing;
  framing.keep_cr = true;
  check_lines(framing, "one\r\n\r\n", {"one\r", "\r"});
}

TEST_CASE("line framer: other delimiters leave \\r alone", "[line_framer]") {
  check_lines(with_delimiter(std::string("\0", 1)), std::string("a\r\0\n\0", 5), {"a\r", "\n"});
  check_lines(with_delimiter(";"), "a\r;b\n;", {"a\r", "b\n"});
}

TEST_CASE("line framer: delimiters of several bytes are found across reads", "[line_framer]") {
  check_lines(with_delimiter("\r\n"), "a\r\nb\rc\nd\r\r\n\r\n", {"a", "b\rc\nd\r", ""});
  check_lines(with_delimiter("END"), "aENENDEENDbENDEN", {"aEN", "E", "b", "EN"});
  check_lines(with_delimiter("aab"), "aaabaaaabaab", {"a", "aa", ""});
  check_lines(with_delimiter("\n\n"), "a\n\n\nb\n\n", {"a", "\nb"});
  check_lines(with_delimiter("abacabad"), "abacabacabadxabacabad", {"abac", "x"});
  const std::string longest = "0123456789abcdef";
  check_lines(with_delimiter(longest), "x" + longest + longest, {"x", ""});
}

TEST_CASE("line framer: lines of one read are views into it", "[line_framer]") {
  const std::string text = "one\ntwo\nthr";
  const config::Framing framing;
  LineFramer framer(framing);
  Collector sink;
  framer.receive(bytes_of(text), sink);
  CHECK(sink.views == std::vector<const char*>{text.data(), text.data() + 4});
  CHECK(framer.held_bytes() == 3);
}

TEST_CASE("line framer: a line of max_line bytes passes, one more is too long", "[line_framer]") {
  check_lines(with_max_line(4), "1234\n1234\r\n12\n", {"1234", "1234", "12"});
  check_too_long(with_max_line(4), "1234\n12345\n6\n", {"1234"});
  check_too_long(with_max_line(4), "12345", {});
  check_too_long(with_max_line(4), "1234\rx", {});
  check_too_long(with_max_line(4), "1234\r\r\n", {});
  check_lines(with_max_line(4, "END"), "1234END12ENEND", {"1234", "12EN"});
  check_too_long(with_max_line(4, "END"), "1234ENx", {});
  check_too_long(with_max_line(4, "aab"), "aaaaaaab", {});
}

TEST_CASE("line framer: too long is told with the first byte that makes it certain",
          "[line_framer]") {
  const config::Framing framing = with_max_line(4);
  LineFramer framer(framing);
  Collector sink;
  CHECK(framer.receive(bytes_of("1234"), sink) == FramerState::kReady);
  CHECK(framer.receive(bytes_of("\r"), sink) == FramerState::kReady);
  CHECK(framer.held_bytes() == 5);
  CHECK(framer.receive(bytes_of("x"), sink) == FramerState::kTooLong);
  CHECK(framer.too_long() == 6);
  CHECK(framer.receive(bytes_of("\nmore\n"), sink) == FramerState::kTooLong);
  CHECK(sink.lines.empty());
}

TEST_CASE("line framer: at the end a '\\r' or a part of a delimiter belongs to the line",
          "[line_framer]") {
  check_lines({}, "a\nb\r", {"a", "b\r"});
  check_lines(with_delimiter("\r\n"), "b\r", {"b\r"});
  check_too_long(with_max_line(4), "1234\r", {});
}

TEST_CASE("line framer: final_partial_line drop drops and counts what has no delimiter",
          "[line_framer]") {
  config::Framing framing;
  framing.final_partial_line = config::FinalPartialLine::kDrop;
  LineFramer framer(framing);
  Collector sink;
  framer.receive(bytes_of("one\ntwo"), sink);
  CHECK(framer.finish(sink) == FramerState::kReady);
  CHECK(sink.lines == Lines{"one"});
  CHECK(framer.dropped_bytes() == 3);
  CHECK(framer.held_bytes() == 0);
}

TEST_CASE("line framer: a sink that says stop gets nothing more", "[line_framer]") {
  const config::Framing framing;
  LineFramer framer(framing);
  Collector sink;
  sink.stop_after = 2;
  CHECK(framer.receive(bytes_of("one\ntwo\nthree\nfour"), sink) == FramerState::kStopped);
  CHECK(framer.receive(bytes_of("five\n"), sink) == FramerState::kStopped);
  CHECK(framer.finish(sink) == FramerState::kStopped);
  CHECK(sink.lines == Lines{"one", "two"});
  CHECK(framer.skipped_bytes() == std::string_view("three\nfour"
                                                   "five\n")
                                      .size());
}

TEST_CASE("line framer: lines that come together are those that come one by one", "[line_framer]") {
  std::string text;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < 200; ++i) {
    text += std::string(i % 5, 'x') + (i % 7 == 0 ? "\\n\r\n" : "\n");
    ends.push_back(text.size());
  }
  text += "part";
  config::Framing framing;
  for (const auto policy :
       {config::EmbeddedDelimiter::kSpace, config::EmbeddedDelimiter::kEscape}) {
    framing.embedded_delimiter = policy;
    for (std::size_t stop = 0; stop <= 200; ++stop) {
      LineFramer together(framing);
      LineFramer each(framing);
      Collector sink;
      Collector reference;
      sink.stop_after = stop;
      reference.stop_after = stop;
      together.receive(bytes_of(text), sink);
      for (const std::string_view byte : support::byte_by_byte(text)) {
        each.receive(bytes_of(byte), reference);
      }
      CHECK(together.state() == (stop == 0 ? FramerState::kReady : FramerState::kStopped));
      CHECK(sink.lines == reference.lines);
      CHECK(together.skipped_bytes() == each.skipped_bytes());
      CHECK(together.skipped_bytes() == (stop == 0 ? 0 : text.size() - ends[stop - 1]));
      CHECK(together.held_bytes() == each.held_bytes());
      CHECK(reference.largest_batch == 1);
      CHECK(sink.largest_batch <= 64);
      CHECK(
          (stop != 0 || policy == config::EmbeddedDelimiter::kEscape || sink.largest_batch == 64));
    }
  }
}

TEST_CASE("line framer: lines before one that is too long come, and what is behind it is counted",
          "[line_framer]") {
  const config::Framing framing = with_max_line(4);
  for (std::size_t k = 0; k < 140; ++k) {
    std::string text;
    for (std::size_t i = 0; i < k; ++i) {
      text += "1234\r\n";
    }
    LineFramer framer(framing);
    Collector sink;
    CHECK(framer.receive(bytes_of(text + "12345\nbehind\nit"), sink) == FramerState::kTooLong);
    CHECK(sink.lines == Lines(k, "1234"));
    CHECK(framer.too_long() == 5);
    CHECK(framer.skipped_bytes() == 9);
    // A line that is refused comes first, and then nobody judges the long one.
    LineFramer refused(framing);
    Collector refusing;
    refusing.stop_after = k;
    refused.receive(bytes_of(text + "12345\n"), refusing);
    CHECK(refused.state() == (k == 0 ? FramerState::kTooLong : FramerState::kStopped));
    CHECK(refused.skipped_bytes() == (k == 0 ? 0 : 6));
  }
}

TEST_CASE("line framer: escape undoes escapes, also to delimiters, and leaves bad ones",
          "[line_framer]") {
  config::Framing framing;
  framing.embedded_delimiter = config::EmbeddedDelimiter::kEscape;
  check_lines(framing, "a\\nb\\r\\\\n\\x41\\x0A\nplain\n\\q\\x4\\xg1\\\n\\\r\n",
              {"a\nb\r\\nA\n", "plain", "\\q\\x4\\xg1\\", "\\"});
}

TEST_CASE("line framer: escapes count in max_line as they were received", "[line_framer]") {
  config::Framing framing = with_max_line(4);
  framing.embedded_delimiter = config::EmbeddedDelimiter::kEscape;
  check_lines(framing, "\\x41\n", {"A"});
  check_too_long(framing, "\\x41B\n", {});
}

TEST_CASE("line framer: raw takes each read as one message, whatever max_line says",
          "[line_framer]") {
  config::Framing framing = with_max_line(4);
  framing.mode = config::FramingMode::kRaw;
  LineFramer framer(framing);
  Collector sink;
  for (const std::string_view read : {"a\nb", "", "1234", "123456789"}) {
    CHECK(framer.receive(bytes_of(read), sink) == FramerState::kReady);
  }
  CHECK(framer.finish(sink) == FramerState::kReady);
  CHECK(sink.lines == Lines{"a\nb", "1234", "123456789"});
  CHECK(framer.held_bytes() == 0);
}

TEST_CASE("line framer: raw stops when the sink says so", "[line_framer]") {
  config::Framing framing = with_max_line(2);
  framing.mode = config::FramingMode::kRaw;
  LineFramer framer(framing);
  Collector sink;
  sink.stop_after = 1;
  CHECK(framer.receive(bytes_of("12345"), sink) == FramerState::kStopped);
  CHECK(framer.receive(bytes_of("678"), sink) == FramerState::kStopped);
  CHECK(sink.lines == Lines{"12345"});
  CHECK(framer.skipped_bytes() == 3);
}

TEST_CASE("line framer: a long line that comes byte by byte is held once", "[line_framer]") {
  const config::Framing framing = with_max_line(100'000, "ab");
  LineFramer framer(framing);
  Collector sink;
  const std::string line(100'000, 'a');
  for (const char byte : line + "ab") {
    framer.receive(bytes_of({&byte, 1}), sink);
  }
  CHECK(framer.state() == FramerState::kReady);
  CHECK(sink.lines == Lines{line});
}

}  // namespace wsbridged
