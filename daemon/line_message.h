// SPDX-License-Identifier: MIT
// Up: which message a line becomes, by message_type and invalid_utf8.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <ws/websocket.h>

#include "config/config.h"
#include "daemon/text_codec.h"

namespace wsbridged {

struct SentLine {
  ws::SendResult result = ws::SendResult::kSent;  // kInvalidUtf8: invalid_utf8: close refuses it
  bool is_altered = false;                        // by invalid_utf8: replace
};

// Of lines that nothing is wrong with.
[[nodiscard]] inline ws::MessageType type_of(const config::Framing& framing) {
  return framing.message_type == config::MessageKind::kBinary ? ws::MessageType::kBinary
                                                              : ws::MessageType::kText;
}

// A line of which send() or send_batch() has said kInvalidUtf8.
template <class Upstream>
[[nodiscard]] SentLine send_invalid_line(const config::Framing& framing, std::string_view line,
                                         Upstream& upstream) {
  if (framing.message_type == config::MessageKind::kAuto ||
      framing.invalid_utf8 == config::InvalidUtf8::kBinary) {
    return {.result = upstream.send_binary(std::as_bytes(std::span(line)))};
  }
  if (framing.invalid_utf8 == config::InvalidUtf8::kReplace) {
    return {.result = upstream.send(replace_invalid_utf8(line)), .is_altered = true};
  }
  return {.result = ws::SendResult::kInvalidUtf8};
}

// `upstream` has send(), send_binary() and send_batch() as ws::WebSocket has them. UTF-8 is judged
// by them alone, in the pass that copies the line.
template <class Upstream>
[[nodiscard]] SentLine send_line(const config::Framing& framing, std::string_view line,
                                 Upstream& upstream) {
  if (type_of(framing) == ws::MessageType::kBinary) {
    return {.result = upstream.send_binary(std::as_bytes(std::span(line)))};
  }
  const ws::SendResult result = upstream.send(line);
  return result == ws::SendResult::kInvalidUtf8 ? send_invalid_line(framing, line, upstream)
                                                : SentLine{.result = result};
}

// The same for all of `lines`, in order. `on_sent` is told of those that went out as they are, some
// at a time; `on_other` of each other one, with its SentLine, and is false when none may follow.
// Returns how many were passed on before that one.
template <class Upstream, class OnSent, class OnOther>
[[nodiscard]] std::size_t send_lines(const config::Framing& framing,
                                     std::span<const std::string_view> lines, Upstream& upstream,
                                     const OnSent& on_sent, const OnOther& on_other) {
  for (std::size_t done = 0;; ++done) {
    const auto rest = lines.subspan(done);
    const ws::BatchResult batch = upstream.send_batch(type_of(framing), rest);
    on_sent(rest.first(batch.taken));
    done += batch.taken;
    if (done == lines.size()) {
      return done;
    }
    const std::string_view line = lines[done];
    const SentLine sent = batch.result == ws::SendResult::kInvalidUtf8
                              ? send_invalid_line(framing, line, upstream)
                              : SentLine{.result = batch.result};
    if (!on_other(line, sent)) {
      return done;
    }
  }
}

}  // namespace wsbridged
