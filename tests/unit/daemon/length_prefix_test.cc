// SPDX-License-Identifier: MIT
// Mode length-prefixed, up and down: every case under every chunking, each limit from both sides.
#include "daemon/length_prefix.h"

#include "support/allocation_counter.h"
#include "unit/daemon/framing_harness.h"

namespace wsbridged {
namespace {

using reference::Message;
using Messages = std::vector<Message>;

config::Framing length_prefixed(std::size_t max_line = 1000) {
  config::Framing framing;
  framing.mode = config::FramingMode::kLengthPrefixed;
  framing.message_type = config::MessageKind::kBinary;
  framing.max_line = max_line;
  return framing;
}

void check_up(const config::Framing& framing, const std::string& bytes,
              const reference::Sent& expected) {
  support::for_each_chunking(bytes, [&](const support::Chunks& chunks) {
    CHECK(testing::send_up(framing, chunks) == expected);
  });
}

std::string with_length(const std::string& message) {
  ws::ByteQueue out;
  append_length_prefix(message.size(), out);
  return testing::content(out) + message;
}

}  // namespace

TEST_CASE("length prefix: four bytes, the most significant first", "[length_prefix]") {
  ws::ByteQueue out;
  append_length_prefix(0x01020304, out);
  append_length_prefix(0xfffefdfc, out);
  append_length_prefix(0, out);
  CHECK(testing::content(out) == std::string("\1\2\3\4\xff\xfe\xfd\xfc\0\0\0\0", 12));
  support::for_each_chunking({"\xff\xfe\xfd\xfc", 4}, [](const support::Chunks& chunks) {
    LengthPrefix prefix;
    for (std::string_view chunk : chunks) {
      const bool is_whole = prefix.take(chunk);
      CHECK(is_whole == (prefix.held_bytes() == LengthPrefix::kSize));
      CHECK(chunk.empty());
    }
    CHECK(prefix.value() == 0xfffefdfc);
  });
}

TEST_CASE("length prefix: what is behind it is left", "[length_prefix]") {
  LengthPrefix prefix;
  std::string_view bytes("\0\0\0\2ab", 6);
  CHECK(prefix.take(bytes));
  CHECK(bytes == "ab");
  CHECK(prefix.take(bytes));
  CHECK(bytes == "ab");
  prefix.clear();
  CHECK_FALSE(prefix.take(bytes));
}

TEST_CASE("length-prefixed: each message is sent as it is, empty ones and delimiters too",
          "[length_prefix]") {
  const std::string any("\0\n\\x41\r\n\xff", 9);
  config::Framing framing = length_prefixed();
  framing.embedded_delimiter = config::EmbeddedDelimiter::kEscape;  // as the defaults may have it
  const Messages messages = {{true, any}, {true, ""}, {true, ""}, {true, std::string(300, '\n')}};
  std::string bytes;
  for (const Message& message : messages) {
    bytes += with_length(message.data);
  }
  check_up(framing, bytes, {.messages = messages});
  const reference::Read read = testing::write_down(framing, messages);
  CHECK(read.bytes == bytes);
  CHECK(read.line_count == 4);
  CHECK(read.altered_count == 0);
}

TEST_CASE("length-prefixed: text and binary messages look the same locally", "[length_prefix]") {
  config::Framing framing = length_prefixed();
  framing.binary_messages = config::BinaryMessages::kReject;  // as the defaults may have it
  CHECK(testing::write_down(framing, {{false, "a\n"}, {true, "a\n"}}).bytes ==
        std::string("\0\0\0\2a\n\0\0\0\2a\n", 12));
}

TEST_CASE("length-prefixed: max_line bytes pass, a length of one more ends the session",
          "[length_prefix]") {
  check_up(length_prefixed(5), with_length("12345"), {.messages = {{true, "12345"}}});
  check_up(length_prefixed(5), with_length("1") + with_length("123456") + with_length("2"),
           {.messages = {{true, "1"}}, .close_code = 1009});
  check_up(length_prefixed(5), "GET / HTTP/1.1\r\n", {.close_code = 1009});
}

TEST_CASE("length-prefixed: the length alone is enough to refuse", "[length_prefix]") {
  const config::Framing framing = length_prefixed(5);
  LineFramer framer(framing);
  testing::UpRun sink(framing);
  CHECK(framer.receive(testing::bytes_of({"\0\0\0", 3}), sink) == FramerState::kReady);
  CHECK(framer.held_bytes() == 3);
  CHECK(framer.receive(testing::bytes_of("\6"), sink) == FramerState::kTooLong);
  CHECK(framer.too_long() == 6);
  CHECK(framer.receive(testing::bytes_of("123"), sink) == FramerState::kTooLong);
  CHECK(framer.skipped_bytes() == 3);
  CHECK(framer.held_bytes() == 0);
}

TEST_CASE("length-prefixed: memory grows with what arrives, not with what is declared",
          "[length_prefix]") {
  const config::Framing framing = length_prefixed(std::size_t{1} << 30U);
  LineFramer framer(framing);
  testing::UpRun sink(framing);
  const support::AllocationWatch watch;
  framer.receive(testing::bytes_of({"\x40\0\0\0", 4}), sink);
  framer.receive(testing::bytes_of("abc"), sink);
  CHECK(watch.most() <= 64);
  CHECK(framer.held_bytes() == 7);
}

TEST_CASE("length-prefixed: an incomplete message at the end is dropped, whatever the policy",
          "[length_prefix]") {
  config::Framing framing = length_prefixed();
  for (const auto policy : {config::FinalPartialLine::kSend, config::FinalPartialLine::kDrop}) {
    framing.final_partial_line = policy;
    const std::string whole = with_length("whole");
    check_up(framing, whole + with_length("part").substr(0, 7),
             {.messages = {{true, "whole"}}, .dropped_bytes = 7});
    check_up(framing, whole + std::string(2, '\0'),
             {.messages = {{true, "whole"}}, .dropped_bytes = 2});
    check_up(framing, whole + with_length("part").substr(0, 4),
             {.messages = {{true, "whole"}}, .dropped_bytes = 4});
  }
}

TEST_CASE("length-prefixed: messages of one read are views into it", "[length_prefix]") {
  const config::Framing framing = length_prefixed();
  const std::string text = with_length("one") + with_length("two");

  class Views : public LineSink {
   public:
    std::size_t on_lines(std::span<const std::string_view> lines) override {
      for (const std::string_view line : lines) {
        begins.push_back(line.data());
      }
      return lines.size();
    }

    std::vector<const char*> begins;
  } sink;

  LineFramer framer(framing);
  framer.receive(testing::bytes_of(text), sink);
  CHECK(sink.begins == std::vector<const char*>{text.data() + 4, text.data() + 11});
}

}  // namespace wsbridged
