// SPDX-License-Identifier: MIT
// Lines to messages and messages to lines, in every mode and by every policy: as the reference
// says, in any chunking, one by one or together, and back to what they were.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <ws/byte_queue.h>

#include "config/words.h"
#include "daemon/line_framer.h"
#include "daemon/line_message.h"
#include "daemon/line_writer.h"
#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "unit/daemon/reference_framing.h"
#include "unit/daemon/reference_text.h"

namespace fuzz {
namespace {

namespace config = wsbridged::config;
namespace reference = wsbridged::reference;
using reference::Message;
using wsbridged::FramerState;

// Takes messages as a WebSocket does.
class Upstream {
 public:
  ws::SendResult send(std::string_view text) {
    if (!reference::is_utf8(text)) {
      return ws::SendResult::kInvalidUtf8;
    }
    messages.push_back({false, std::string(text)});
    return ws::SendResult::kSent;
  }

  ws::SendResult send_binary(std::span<const std::byte> bytes) {
    messages.push_back({true, std::string(as_text(bytes))});
    return ws::SendResult::kSent;
  }

  ws::BatchResult send_batch(ws::MessageType type, std::span<const std::string_view> lines) {
    ws::BatchResult batch;
    while (batch.taken < lines.size() && batch.result == ws::SendResult::kSent) {
      const std::string_view line = lines[batch.taken];
      batch.result =
          type == ws::MessageType::kText ? send(line) : send_binary(std::as_bytes(std::span(line)));
      batch.taken += batch.result == ws::SendResult::kSent ? 1 : 0;
    }
    return batch;
  }

  std::vector<Message> messages;
};

// A local side that writes `reads` and then ends; `most` lines are taken of it.
class Up : public wsbridged::LineSink {
 public:
  Up(const config::Framing& framing, std::size_t most)
      : framing_(framing), framer_(framing), most_(most) {}

  reference::Sent run(const Pieces& reads) {
    std::size_t received = 0;
    for (const std::string_view read : reads) {
      received += read.size();
      const auto buffer = exact_copy(read);
      const FramerState state = framer_.receive(buffer, *this);
      require(state == framer_.state(), "the state is the state");
      require(framer_.held_bytes() <=
                  framing_.max_line + std::max<std::size_t>(4, framing_.delimiter.size()),
              "an incomplete line is bounded");
    }
    framer_.finish(*this);
    require(framer_.held_bytes() == 0, "nothing is held behind the end");
    require(framer_.skipped_bytes() <= received && framer_.dropped_bytes() <= received, "counts");
    require((framer_.state() == FramerState::kStopped) == is_refused_, "a refusal stops it");
    if (framer_.state() == FramerState::kTooLong) {
      require(framer_.too_long() > framing_.max_line, "what is too long is longer");
      sent_.close_code = ws::kCloseMessageTooBig;
    }
    sent_.messages = upstream_.messages;
    sent_.dropped_bytes = framer_.dropped_bytes();
    return sent_;
  }

  std::size_t on_lines(std::span<const std::string_view> lines) override {
    require(!lines.empty() && !is_refused_, "there are lines, and none behind a refusal");
    const std::size_t count = std::min(lines.size(), most_ - upstream_.messages.size());
    const std::size_t taken = wsbridged::send_lines(
        framing_, lines.first(count), upstream_, [](std::span<const std::string_view>) {},
        [this](std::string_view, const wsbridged::SentLine& sent) {
          if (sent.result == ws::SendResult::kInvalidUtf8) {
            sent_.close_code = ws::kCloseInvalidPayload;
            return false;
          }
          sent_.altered_count += sent.is_altered ? 1 : 0;
          return true;
        });
    is_refused_ = taken < lines.size();
    return taken;
  }

 private:
  const config::Framing& framing_;
  wsbridged::LineFramer framer_;
  std::size_t most_;
  Upstream upstream_;
  reference::Sent sent_;
  bool is_refused_ = false;
};

std::string content(const ws::ByteQueue& queue) {
  std::array<std::span<const std::byte>, 64> spans;
  std::string text;
  for (const auto span : std::span(spans).first(queue.gather(spans))) {
    text += as_text(span);
  }
  require(text.size() == queue.size(), "a queue is what it says");
  return text;
}

ws::Message as_message(const Message& message) {
  return {message.is_binary ? ws::MessageType::kBinary : ws::MessageType::kText, message.data};
}

std::uint16_t close_code_for(wsbridged::Written::Refused refused) {
  return refused == wsbridged::Written::Refused::kBinary ? ws::kCloseUnsupportedData
                                                         : ws::kClosePolicyViolation;
}

// Up to the first message that is refused.
reference::Read write_one_by_one(const config::Framing& framing,
                                 const std::vector<Message>& messages) {
  wsbridged::LineWriter writer(framing);
  ws::ByteQueue out;
  reference::Read read;
  for (const Message& message : messages) {
    const std::size_t before = out.size();
    const auto written = writer.write(as_message(message), out);
    if (written.refused != wsbridged::Written::Refused::kNo) {
      require(out.size() == before, "nothing of what is refused is written");
      read.close_code = close_code_for(written.refused);
      break;
    }
    read.altered_count += written.altered ? 1 : 0;
    read.line_count += written.line_count;
  }
  read.bytes = content(out);
  return read;
}

// As a session does with those of one read.
reference::Read write_together(const config::Framing& framing,
                               const std::vector<Message>& messages) {
  wsbridged::LineWriter writer(framing);
  ws::ByteQueue out;
  reference::Read read;
  std::vector<ws::Message> all;
  std::transform(messages.begin(), messages.end(), std::back_inserter(all), as_message);
  std::span<const ws::Message> rest(all);
  while (true) {
    const auto plain = writer.write_plain(rest, out);
    require(plain.count <= rest.size(), "no more is written than there is");
    read.line_count += plain.count;
    rest = rest.subspan(plain.count);
    if (rest.empty()) {
      break;
    }
    const auto written = writer.write(rest.front(), out);
    if (written.refused != wsbridged::Written::Refused::kNo) {
      read.close_code = close_code_for(written.refused);
      break;
    }
    read.altered_count += written.altered ? 1 : 0;
    read.line_count += written.line_count;
    rest = rest.subspan(1);
  }
  read.bytes = content(out);
  return read;
}

// ---- What the input decides ----

template <class Enum, std::size_t N>
Enum any_of(Input& input, const config::Word<Enum> (&words)[N]) {
  return words[input.below(N)].value;
}

// Characters that every encoding has.
std::string any_delimiter(Input& input) {
  constexpr std::string_view kBytes = "\n\r;|\\nrx05afAF\t ";
  const std::size_t size = 1 + input.below(18);
  if (size > 15) {
    return size > 16 ? "\n" : ";\u00a7";
  }
  std::string delimiter;
  while (delimiter.size() < size) {
    delimiter += kBytes[input.below(kBytes.size())];
  }
  return delimiter;
}

config::Framing any_framing(Input& input) {
  config::Framing framing;
  framing.mode = any_of(input, config::kFramingModes);
  framing.delimiter = any_delimiter(input);
  framing.message_type = any_of(input, config::kMessageKinds);
  framing.encoding = any_of(input, config::kEncodings);
  if (framing.message_type == config::MessageKind::kAuto) {
    framing.encoding = config::Encoding::kUtf8;  // as the configuration's rules have it
  }
  framing.embedded_delimiter = any_of(input, config::kEmbeddedDelimiters);
  framing.binary_messages = any_of(input, config::kBinaryMessages);
  framing.invalid_utf8 = any_of(input, config::kInvalidUtf8);
  const unsigned rest = input.byte();
  framing.final_partial_line =
      (rest & 1U) != 0 ? config::FinalPartialLine::kSend : config::FinalPartialLine::kDrop;
  framing.keep_cr = (rest & 2U) != 0;
  framing.max_line = (rest & 4U) != 0 ? 1 + rest / 8 : 300;
  return framing;
}

void lines_up(Input& input) {
  const config::Framing framing = any_framing(input);
  const unsigned seed = input.byte();
  const std::size_t most = input.flag() ? SIZE_MAX : input.below(8);
  const std::string_view bytes = input.rest();
  auto all_cuts = cuts(bytes, seed);
  all_cuts.push_back({bytes});
  for (const Pieces& pieces : all_cuts) {
    const auto expected = reference::send(framing, pieces);
    require(Up(framing, SIZE_MAX).run(pieces) == expected, "lines become the reference's messages");
    const auto sent = Up(framing, most).run(pieces);
    require(sent.messages.size() <= most, "no more than were taken");
    require(std::equal(sent.messages.begin(), sent.messages.end(), expected.messages.begin()),
            "a sink that refuses one got those before it");
  }
}

std::vector<Message> any_messages(Input& input) {
  std::vector<Message> messages;
  while (!input.empty()) {
    const bool is_binary = input.flag();
    std::string data(input.text());
    messages.push_back({is_binary || !reference::is_utf8(data), std::move(data)});
  }
  return messages;
}

void messages_down(Input& input) {
  const config::Framing framing = any_framing(input);
  const auto messages = any_messages(input);
  const auto expected = reference::write(framing, messages);
  require(write_one_by_one(framing, messages) == expected, "messages become the reference's lines");
  require(write_together(framing, messages) == expected, "together or not");
}

// Where nothing is refused, altered or told apart by its type only.
void round_trip(Input& input) {
  config::Framing framing = any_framing(input);
  if (framing.mode == config::FramingMode::kRaw) {
    framing.mode = config::FramingMode::kLengthPrefixed;
  }
  framing.embedded_delimiter = config::EmbeddedDelimiter::kEscape;
  framing.binary_messages = config::BinaryMessages::kRaw;
  framing.message_type = config::MessageKind::kAuto;
  framing.encoding = config::Encoding::kUtf8;
  framing.max_line = 10'000;
  framing.delimiter = framing.delimiter.size() < 16 ? ";" + framing.delimiter : ";";
  const unsigned seed = input.byte();
  const auto messages = any_messages(input);
  const auto written = write_together(framing, messages);
  require(written.close_code == 0 && written.altered_count == 0, "nothing is refused or altered");
  require(written.line_count == messages.size(), "each message is a line");
  const auto sent = Up(framing, SIZE_MAX).run(cut_by(written.bytes, seed));
  require(sent.messages.size() == messages.size() && sent.dropped_bytes == 0,
          "each line a message");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    require(sent.messages[i].data == messages[i].data, "and the same");
  }
}

}  // namespace

void framing(std::string_view bytes) {
  Input input(bytes);
  switch (input.below(3)) {
    case 0:
      return lines_up(input);
    case 1:
      return messages_down(input);
    default:
      return round_trip(input);
  }
}

}  // namespace fuzz
