// SPDX-License-Identifier: MIT
// LineWriter::write_plain(): with write() for what it leaves, it writes the same bytes and counts
// as write() alone does, for every kind of framing.
#include <random>

#include "daemon/line_writer.h"
#include "support/catch.h"
#include "unit/daemon/framing_harness.h"

namespace wsbridged {
namespace {

using config::BinaryMessages;
using config::EmbeddedDelimiter;

struct Sum {
  std::string bytes{};
  std::size_t lines = 0;
  std::size_t message_bytes = 0;
  std::size_t altered = 0;
  std::size_t refused = 0;
  bool operator==(const Sum&) const = default;
};

void write_one(LineWriter& writer, const ws::Message& message, ws::ByteQueue& out, Sum& sum) {
  const Written written = writer.write(message, out);
  sum.lines += written.line_count;
  sum.altered += written.altered ? 1 : 0;
  if (written.refused == Written::Refused::kNo) {
    sum.message_bytes += message.data.size();
  } else {
    ++sum.refused;
  }
}

Sum one_by_one(const config::Framing& framing, std::span<const ws::Message> messages) {
  LineWriter writer(framing);
  ws::ByteQueue out;
  Sum sum;
  for (const ws::Message& message : messages) {
    write_one(writer, message, out, sum);
  }
  sum.bytes = testing::content(out);
  return sum;
}

Sum together(const config::Framing& framing, std::span<const ws::Message> messages) {
  LineWriter writer(framing);
  ws::ByteQueue out;
  Sum sum;
  while (!messages.empty()) {
    const PlainLines plain = writer.write_plain(messages, out);
    sum.lines += plain.count;
    sum.message_bytes += plain.bytes;
    messages = messages.subspan(plain.count);
    if (!messages.empty()) {
      write_one(writer, messages.front(), out, sum);
      messages = messages.subspan(1);
    }
  }
  sum.bytes = testing::content(out);
  return sum;
}

// Texts of all lengths around the steps of the copy; one in eight may hold a delimiter.
std::vector<std::string> some_texts(std::minstd_rand& random) {
  std::vector<std::string> texts(64);
  for (std::string& text : texts) {
    const std::string_view letters = random() % 8 == 0 ? "ab \n;\\" : "ab c";
    text.resize(random() % (random() % 16 == 0 ? 600 : 40));
    for (char& letter : text) {
      letter = letters[random() % letters.size()];
    }
  }
  return texts;
}

config::Framing make(EmbeddedDelimiter policy, BinaryMessages binary, const char* delimiter) {
  config::Framing framing;
  framing.embedded_delimiter = policy;
  framing.binary_messages = binary;
  framing.delimiter = delimiter;
  return framing;
}

}  // namespace

TEST_CASE("plain lines: they are those of write(), whatever the framing") {
  const auto policy =
      GENERATE(EmbeddedDelimiter::kReject, EmbeddedDelimiter::kSpace, EmbeddedDelimiter::kSplit,
               EmbeddedDelimiter::kEscape, EmbeddedDelimiter::kKeep);
  const auto binary = GENERATE(BinaryMessages::kReject, BinaryMessages::kRaw, BinaryMessages::kHex);
  const auto* delimiter = GENERATE("\n", ";", "\n\n");
  auto framing = make(policy, binary, delimiter);
  framing.mode = GENERATE(config::FramingMode::kLine, config::FramingMode::kRaw,
                          config::FramingMode::kLengthPrefixed);
  framing.encoding = GENERATE(config::Encoding::kUtf8, config::Encoding::kIso88591);
  std::minstd_rand random(20);
  for (int round = 0; round < 8; ++round) {
    const auto texts = some_texts(random);
    std::vector<ws::Message> messages;
    for (const std::string& text : texts) {
      const bool is_binary = random() % 8 == 0;
      messages.push_back({is_binary ? ws::MessageType::kBinary : ws::MessageType::kText, text});
    }
    REQUIRE(together(framing, messages) == one_by_one(framing, messages));
  }
}

TEST_CASE("plain lines: the first message that needs more is where it stops, untouched") {
  const auto framing = make(EmbeddedDelimiter::kReject, BinaryMessages::kReject, "\n");
  const LineWriter writer(framing);
  const auto type = ws::MessageType::kText;
  const std::vector<ws::Message> messages = {
      {type, "one"}, {type, ""}, {type, "two\nthree"}, {type, "four"}};
  ws::ByteQueue out;
  const PlainLines plain = writer.write_plain(messages, out);
  CHECK(plain.count == 2);
  CHECK(plain.bytes == 3);
  CHECK(testing::content(out) == "one\n\n");

  ws::ByteQueue nothing;
  CHECK(writer.write_plain(std::span(messages).subspan(2), nothing).count == 0);
  CHECK(nothing.empty());
  CHECK(nothing.allocated() == 0);  // what was reserved is given back
}

}  // namespace wsbridged
