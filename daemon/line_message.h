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

// `upstream` has send() and send_binary() as ws::WebSocket has them. UTF-8 is judged by send()
// alone, in the pass that copies the line.
template <class Upstream>
[[nodiscard]] SentLine send_line(const config::Framing& framing, std::string_view line,
                                 Upstream& upstream) {
  const auto bytes = std::as_bytes(std::span(line));
  if (framing.message_type == config::MessageKind::kBinary) {
    return {.result = upstream.send_binary(bytes)};
  }
  const ws::SendResult result = upstream.send(line);
  if (result != ws::SendResult::kInvalidUtf8) {
    return {.result = result};
  }
  if (framing.message_type == config::MessageKind::kAuto ||
      framing.invalid_utf8 == config::InvalidUtf8::kBinary) {
    return {.result = upstream.send_binary(bytes)};
  }
  if (framing.invalid_utf8 == config::InvalidUtf8::kReplace) {
    return {.result = upstream.send(replace_invalid_utf8(line)), .is_altered = true};
  }
  return {.result = result};
}

}  // namespace wsbridged
