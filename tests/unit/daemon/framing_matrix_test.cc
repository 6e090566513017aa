// SPDX-License-Identifier: MIT
// Every value of every policy with every other, in each mode and for each message type; and random
// framings, bytes and cuts. What must come out is said by reference_framing.h, which shares no code
// with the daemon.
#include <random>

#include "config/words.h"
#include "unit/daemon/framing_harness.h"

namespace wsbridged {
namespace {

using reference::Message;
using Random = std::mt19937;

// Calls `check` with every framing that the configuration lets through; what only lines have is
// there in the other modes, too, as the defaults may bring it.
template <class Check>
void for_each_cell(const Check& check) {
  config::Framing framing;
  framing.max_line = 12;
  for (const auto& mode : config::kFramingModes) {
    for (const auto& type : config::kMessageKinds) {
      for (const auto& encoding : config::kEncodings) {
        for (const auto& policy : config::kEmbeddedDelimiters) {
          framing.mode = mode.value;
          framing.message_type = type.value;
          framing.encoding = encoding.value;
          framing.embedded_delimiter = policy.value;
          if (framing.encoding == config::Encoding::kUtf8 ||
              framing.message_type != config::MessageKind::kAuto) {
            INFO(mode.text << ", " << type.text << ", " << encoding.text << ", " << policy.text);
            check(framing);
          }
        }
      }
    }
  }
}

std::string with_lengths(const std::vector<std::string>& messages) {
  std::string bytes;
  for (const std::string& message : messages) {
    bytes += std::string(3, '\0') + static_cast<char>(message.size()) + message;
  }
  return bytes;
}

// Text and other bytes, empty lines, escapes, '\r', too long ones, incomplete ones.
const std::vector<std::string>& up_inputs() {
  static const std::vector<std::string> inputs = {
      "one\n\ncaf\u00e9\r\n\\n\\\\\\xe9\\q\n;part\r",
      "a;\u00a7b\r\n;c\n",
      "good\nb\xe9\x81\x80\nafter\n",
      "123456789012\n1234567890123\nafter",
      with_lengths({"one", "", "caf\u00e9\n", "\\n"}) + std::string("\0\0", 2),
      with_lengths({"good", "\xff\x80", "after"}) + std::string("\0\0\0\5half", 8),
      with_lengths({"123456789012", "1234567890123", "after"}),
      ""};
  return inputs;
}

const std::vector<std::vector<Message>>& down_inputs() {
  static const std::vector<std::vector<Message>> inputs = {
      {{false, "one"}, {false, ""}, {true, ""}, {false, "caf\u00e9 \u20ac \u0100"}},
      {{false, "a\nb"}, {false, "c;\u00a7d\r"}, {true, std::string("\0\xff\x80\n", 4)}},
      {{true, "raw;\u00a7\\\n"}, {false, "end\n"}, {false, "\n\n;"}, {true, "fo"}},
      {{true, "plain"}, {false, "\\x\r\n;"}, {false, "\U0001F680"}}};
  return inputs;
}

const std::vector<std::string>& delimiters() {
  static const std::vector<std::string> values = {"\n", "\r\n", ";\u00a7"};
  return values;
}

void check_up(const config::Framing& framing) {
  for (const std::string& input : up_inputs()) {
    INFO(input);
    for (const support::Chunks& chunks : {support::Chunks{input}, support::byte_by_byte(input)}) {
      testing::UpRun run(framing);
      CHECK(run.run(chunks) == reference::send(framing, chunks));
      CHECK(run.most_held <= framing.max_line + std::max<std::size_t>(4, framing.delimiter.size()));
    }
  }
}

void check_down(const config::Framing& framing) {
  for (const auto& messages : down_inputs()) {
    CHECK(testing::write_down(framing, messages) == reference::write(framing, messages));
  }
}

// ---- Random ones ----

std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}

template <class Enum, std::size_t N>
Enum any_of(Random& random, const config::Word<Enum> (&words)[N]) {
  return words[below(random, N)].value;
}

// Characters that every encoding has.
std::string random_delimiter(Random& random) {
  const std::string ascii = "\\nrx05afAF\n\r;| ";
  std::string delimiter;
  const std::size_t variety = 1 + below(random, ascii.size());
  const std::size_t size = 1 + below(random, 15);
  while (delimiter.size() < size) {
    delimiter += below(random, 8) == 0 ? "\u00e9" : std::string(1, ascii[below(random, variety)]);
  }
  return delimiter;
}

config::Framing random_framing(Random& random) {
  config::Framing framing;
  framing.mode = any_of(random, config::kFramingModes);
  framing.delimiter = below(random, 3) == 0 ? "\n" : random_delimiter(random);
  framing.keep_cr = below(random, 2) == 0;
  framing.message_type = any_of(random, config::kMessageKinds);
  framing.encoding = framing.message_type == config::MessageKind::kAuto
                         ? config::Encoding::kUtf8
                         : any_of(random, config::kEncodings);
  framing.max_line = 1 + below(random, 40);
  framing.invalid_utf8 = any_of(random, config::kInvalidUtf8);
  framing.embedded_delimiter = any_of(random, config::kEmbeddedDelimiters);
  framing.binary_messages = any_of(random, config::kBinaryMessages);
  framing.final_partial_line = any_of(random, config::kFinalPartialLines);
  return framing;
}

// Mostly what the framing looks at: delimiters, lengths, escapes, characters of all sizes.
std::string random_bytes(Random& random, const config::Framing& framing) {
  const std::vector<std::string> pieces = {framing.delimiter,
                                           framing.delimiter,
                                           framing.delimiter.substr(0, 1),
                                           "\u00e9",
                                           "\u20ac",
                                           "\U0001F680",
                                           "\\x41",
                                           "\\n",
                                           "\\",
                                           "\r",
                                           "\n",
                                           std::string("\0\0\0\2", 4),
                                           "ab",
                                           "x"};
  std::string bytes;
  for (std::size_t count = below(random, 20); count > 0; --count) {
    bytes += below(random, 12) == 0 ? std::string(1, static_cast<char>(random() % 256))
                                    : pieces[below(random, pieces.size())];
  }
  return bytes;
}

support::Chunks random_cut(Random& random, std::string_view bytes) {
  support::Chunks chunks;
  while (!bytes.empty()) {
    const std::size_t size = 1 + below(random, bytes.size());
    chunks.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return chunks;
}

std::vector<Message> random_messages(Random& random, const config::Framing& framing) {
  std::vector<Message> messages;
  for (std::size_t count = below(random, 5); count > 0; --count) {
    std::string data = random_bytes(random, framing);
    messages.push_back({!reference::is_utf8(data) || below(random, 3) == 0, data});
  }
  return messages;
}

// Nothing is refused, altered or told apart by its type only.
config::Framing reversible(Random& random) {
  config::Framing framing = random_framing(random);
  framing.mode =
      below(random, 2) == 0 ? config::FramingMode::kLine : config::FramingMode::kLengthPrefixed;
  framing.embedded_delimiter = config::EmbeddedDelimiter::kEscape;
  framing.binary_messages = config::BinaryMessages::kRaw;
  framing.max_line = 10'000;
  framing.delimiter = framing.delimiter.size() < 16 ? ";" + framing.delimiter : ";";
  framing.message_type = config::MessageKind::kAuto;
  framing.encoding = config::Encoding::kUtf8;
  return framing;
}

}  // namespace

TEST_CASE("framing matrix: lines become messages, in every cell", "[framing_matrix]") {
  for_each_cell([](config::Framing framing) {
    for (const auto& invalid_utf8 : config::kInvalidUtf8) {
      for (const auto& partial : config::kFinalPartialLines) {
        for (const bool keeps_cr : {false, true}) {
          framing.invalid_utf8 = invalid_utf8.value;
          framing.final_partial_line = partial.value;
          framing.keep_cr = keeps_cr;
          INFO(invalid_utf8.text << ", " << partial.text << ", keep_cr: " << keeps_cr);
          check_up(framing);
        }
      }
    }
    for (const std::string& delimiter : delimiters()) {
      framing.delimiter = delimiter;
      check_up(framing);
    }
  });
}

TEST_CASE("framing matrix: messages become lines, in every cell", "[framing_matrix]") {
  for_each_cell([](config::Framing framing) {
    for (const auto& binary : config::kBinaryMessages) {
      for (const std::string& delimiter : delimiters()) {
        framing.binary_messages = binary.value;
        framing.delimiter = delimiter;
        INFO(binary.text << ", delimiter: " << delimiter);
        check_down(framing);
      }
    }
  });
}

TEST_CASE(
    "framing matrix: random bytes in any framing are cut into the same lines, however they "
    "come",
    "[framing_matrix]") {
  Random random(4);
  for (int run = 0; run < 4000; ++run) {
    const config::Framing framing = random_framing(random);
    const std::string bytes = random_bytes(random, framing);
    INFO("run " << run << ", " << config::word_of(config::kFramingModes, framing.mode) << ", "
                << config::word_of(config::kEmbeddedDelimiters, framing.embedded_delimiter)
                << ", delimiter " << reference::hex(framing.delimiter, "0123456789abcdef"));
    for (int cut = 0; cut < 3; ++cut) {
      const support::Chunks chunks = random_cut(random, bytes);
      CHECK(testing::send_up(framing, chunks) == reference::send(framing, chunks));
    }
  }
}

TEST_CASE("framing matrix: random messages in any framing are written as the reference does",
          "[framing_matrix]") {
  Random random(5);
  for (int run = 0; run < 4000; ++run) {
    const config::Framing framing = random_framing(random);
    const std::vector<Message> messages = random_messages(random, framing);
    INFO("run " << run << ", " << config::word_of(config::kFramingModes, framing.mode) << ", "
                << config::word_of(config::kEmbeddedDelimiters, framing.embedded_delimiter)
                << ", delimiter " << reference::hex(framing.delimiter, "0123456789abcdef"));
    CHECK(testing::write_down(framing, messages) == reference::write(framing, messages));
  }
}

TEST_CASE("framing matrix: with escape or lengths every message comes back bit for bit",
          "[framing_matrix]") {
  Random random(6);
  for (int run = 0; run < 2000; ++run) {
    const config::Framing framing = reversible(random);
    const std::vector<Message> messages = random_messages(random, framing);
    const reference::Read read = testing::write_down(framing, messages);
    const reference::Sent sent = testing::send_up(framing, random_cut(random, read.bytes));
    INFO("run " << run << ", " << config::word_of(config::kFramingModes, framing.mode) << ", "
                << config::word_of(config::kEmbeddedDelimiters, framing.embedded_delimiter)
                << ", delimiter " << reference::hex(framing.delimiter, "0123456789abcdef"));
    CHECK(read.close_code + sent.close_code == 0);
    CHECK(read.altered_count + sent.altered_count + sent.dropped_bytes == 0U);
    REQUIRE(sent.messages.size() == messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      CHECK(sent.messages[i].data == messages[i].data);
    }
  }
}

TEST_CASE("framing matrix: lines in an encoding of single bytes come back bit for bit",
          "[framing_matrix]") {
  Random random(7);
  for (int run = 0; run < 1000; ++run) {
    config::Framing framing = reversible(random);
    framing.message_type = config::MessageKind::kText;
    framing.encoding = config::kEncodings[1 + below(random, 2)].value;
    std::string line(below(random, 40), '\0');
    for (char& byte : line) {
      byte = static_cast<char>(random() % 256);
    }
    const std::string bytes = reference::write(framing, {{true, line}}).bytes;
    const reference::Sent sent = testing::send_up(framing, {bytes});
    INFO("run " << run << ", " << config::word_of(config::kFramingModes, framing.mode) << ", "
                << config::word_of(config::kEmbeddedDelimiters, framing.embedded_delimiter)
                << ", delimiter " << reference::hex(framing.delimiter, "0123456789abcdef"));
    REQUIRE(sent.messages.size() == 1);
    CHECK_FALSE(sent.messages[0].is_binary);
    const reference::Read back = testing::write_down(framing, sent.messages);
    CHECK(back.bytes == bytes);
    CHECK(back.altered_count == 0);
  }
}

}  // namespace wsbridged
