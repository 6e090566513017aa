// SPDX-License-Identifier: MIT
// What the tests of framing share: bytes through LineFramer and send_line() to messages, messages
// through LineWriter to bytes, as a session does it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/line_framer.h"
#include "daemon/line_message.h"
#include "daemon/line_writer.h"
#include "support/catch.h"
#include "support/for_each_chunking.h"
#include "unit/daemon/reference_framing.h"
#include "unit/daemon/reference_text.h"

namespace wsbridged::testing {

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

[[nodiscard]] inline std::string content(const ws::ByteQueue& queue) {
  std::vector<std::span<const std::byte>> spans(4096);
  spans.resize(queue.gather(spans));
  std::string text;
  for (const auto span : spans) {
    text.append(reinterpret_cast<const char*>(span.data()), span.size());
  }
  REQUIRE(text.size() == queue.size());
  return text;
}

// Takes messages as a WebSocket does.
class RecordingUpstream {
 public:
  ws::SendResult send(std::string_view text) {
    if (!reference::is_utf8(text)) {
      return ws::SendResult::kInvalidUtf8;
    }
    messages.push_back({false, std::string(text)});
    return ws::SendResult::kSent;
  }

  ws::BatchResult send_batch(ws::MessageType type, std::span<const std::string_view> lines) {
    ws::BatchResult batch;
    while (batch.taken < lines.size() && batch.result == ws::SendResult::kSent) {
      const std::string_view line = lines[batch.taken];
      batch.result = type == ws::MessageType::kText ? send(line) : send_binary(bytes_of(line));
      batch.taken += batch.result == ws::SendResult::kSent ? 1 : 0;
    }
    return batch;
  }

  ws::SendResult send_binary(std::span<const std::byte> bytes) {
    messages.push_back(
        {true, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())});
    return ws::SendResult::kSent;
  }

  std::vector<reference::Message> messages;
};

// A local side that writes `reads` and then ends.
class UpRun : public LineSink {
 public:
  explicit UpRun(const config::Framing& framing) : framing_(framing), framer_(framing) {}

  reference::Sent run(const support::Chunks& reads) {
    for (const std::string_view read : reads) {
      framer_.receive(bytes_of(read), *this);
      most_held = std::max(most_held, framer_.held_bytes());
    }
    framer_.finish(*this);
    CHECK(framer_.held_bytes() == 0);
    if (framer_.state() == FramerState::kTooLong) {
      sent_.close_code = ws::kCloseMessageTooBig;
    }
    sent_.messages = upstream_.messages;
    sent_.dropped_bytes = framer_.dropped_bytes();
    return sent_;
  }

  std::size_t on_lines(std::span<const std::string_view> lines) override {
    return send_lines(
        framing_, lines, upstream_, [](std::span<const std::string_view>) {},
        [this](std::string_view, const SentLine& sent) {
          if (sent.result == ws::SendResult::kInvalidUtf8) {
            sent_.close_code = ws::kCloseInvalidPayload;
            return false;
          }
          sent_.altered_count += sent.is_altered ? 1 : 0;
          return true;
        });
  }

  std::size_t most_held = 0;

 private:
  const config::Framing& framing_;
  LineFramer framer_;
  RecordingUpstream upstream_;
  reference::Sent sent_;
};

[[nodiscard]] inline reference::Sent send_up(const config::Framing& framing,
                                             const support::Chunks& reads) {
  return UpRun(framing).run(reads);
}

// Up to the first message that is refused.
[[nodiscard]] inline reference::Read write_down(const config::Framing& framing,
                                                const std::vector<reference::Message>& messages) {
  LineWriter writer(framing);
  ws::ByteQueue out;
  reference::Read read;
  for (const reference::Message& message : messages) {
    const auto type = message.is_binary ? ws::MessageType::kBinary : ws::MessageType::kText;
    const Written written = writer.write({type, message.data}, out);
    if (written.refused != Written::Refused::kNo) {
      read.close_code = written.refused == Written::Refused::kBinary ? ws::kCloseUnsupportedData
                                                                     : ws::kClosePolicyViolation;
      break;
    }
    read.altered_count += written.altered ? 1 : 0;
    read.line_count += written.line_count;
  }
  read.bytes = content(out);
  return read;
}

}  // namespace wsbridged::testing
