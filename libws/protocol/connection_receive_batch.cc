// SPDX-License-Identifier: MIT
// The way of nearly all messages: frames that are whole messages, lie whole in what was read and
// are not compressed are found in a row and told together. Whatever else comes, a frame that breaks
// a rule too, is left to connection_receive.cc, after what came before it has been told.
#include <optional>

#include "protocol/ascii_run.h"
#include "protocol/byte_order.h"
#include "protocol/connection.h"
#include "protocol/message_batch.h"
#include "protocol/utf8.h"

namespace ws::protocol {
namespace {

constexpr std::byte kFinalText{0x81};
constexpr std::byte kFinalBinary{0x82};
constexpr std::size_t kLength16 = 126;

struct WholeFrame {
  std::size_t header = 0;  // 0: it is something else
  std::size_t payload = 0;
};

// A server's frame with a length of seven or sixteen bits. One that is masked has a greater second
// byte; a length that is not in its shortest form is not for us to judge.
WholeFrame find_whole_frame(std::span<const std::byte> bytes) {
  if (bytes.size() < 2 || (bytes[0] != kFinalText && bytes[0] != kFinalBinary)) {
    return {};
  }
  WholeFrame frame{.header = 2, .payload = std::to_integer<std::size_t>(bytes[1])};
  if (frame.payload > kMaxControlPayload) {
    if (frame.payload != kLength16 || bytes.size() < 4) {
      return {};
    }
    frame = {.header = 4, .payload = load_be16(bytes.data() + 2)};
    if (frame.payload < kLength16) {
      return {};
    }
  }
  return frame.payload <= bytes.size() - frame.header ? frame : WholeFrame{};
}

bool is_acceptable(MessageType type, std::span<const std::byte> payload) {
  return type == MessageType::kBinary || is_ascii(payload) || is_valid_utf8(payload);
}

}  // namespace

bool Connection::may_batch(const ConnectionEvents& events) const {
  return settings_.role == Role::kClient && split_header_size_ == 0 && !assembler_.is_under_way() &&
         events.takes_batches();
}

std::span<std::byte> Connection::take_batch(std::span<std::byte> bytes, ConnectionEvents& events) {
  MessageBatch batch;
  const std::size_t longest = assembler_.longest_frame();
  while (true) {
    const WholeFrame frame = find_whole_frame(bytes);
    if (frame.header == 0 || frame.payload > longest || !batch.has_room_for(frame.payload)) {
      break;
    }
    const auto type = static_cast<MessageType>(bytes[0] & std::byte{0x0f});
    const auto payload = bytes.subspan(frame.header, frame.payload);
    if (!is_acceptable(type, payload)) [[unlikely]] {
      break;
    }
    batch.push(type, {reinterpret_cast<const char*>(payload.data()), payload.size()});
    bytes = bytes.subspan(frame.header + frame.payload);
  }
  if (!batch.empty()) {
    received_payload_ += batch.byte_count();
    events.on_messages(batch.messages());
  }
  return bytes;
}

}  // namespace ws::protocol
