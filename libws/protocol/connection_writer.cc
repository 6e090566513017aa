// SPDX-License-Identifier: MIT
// Messages of unknown length: written in pieces, sent in frames (RFC 6455 section 5.4).
#include <algorithm>

#include "protocol/connection.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kShortestFragment = std::size_t{16} << 10;  // but for the last
constexpr std::size_t kLookahead = 512;                           // zlib's, at most
constexpr std::size_t kLongestFragment = std::size_t{64} << 10;

// Bytes of input that zlib has taken and of which nothing has come out yet: the symbols of a block
// (a literal each, at worst), and what it looks ahead.
std::size_t most_kept_by_deflate(int memory_level) {
  return (std::size_t{64} << static_cast<unsigned>(memory_level)) + kLookahead;
}

}  // namespace

bool Connection::start_message(MessageType type, Compress compress) {
  if (state_ != ConnectionState::kOpen || outgoing_ != nullptr) {
    return false;
  }
  outgoing_ = std::make_unique<Outgoing>();
  outgoing_->opcode = static_cast<Opcode>(type);
  outgoing_->compress = compress;
  outgoing_->is_text = type == MessageType::kText;
  return true;
}

Connection::Sent Connection::write(std::string_view data) {
  if (state_ != ConnectionState::kOpen || outgoing_ == nullptr) {
    return Sent::kNotOpen;
  }
  auto bytes = std::as_bytes(std::span(data));
  if (outgoing_->is_text) {
    Utf8Validator utf8 = outgoing_->utf8;
    if (!utf8.feed(bytes)) {
      return Sent::kInvalidUtf8;
    }
    outgoing_->utf8 = utf8;
  }
  send_held_pong();
  auto& waiting = outgoing_->waiting;
  if (!waiting.empty() || bytes.size() < kShortestFragment) {
    const auto first = bytes.first(std::min(bytes.size(), kShortestFragment - waiting.size()));
    waiting.reserve(kShortestFragment);
    waiting.insert(waiting.end(), first.begin(), first.end());
    bytes = bytes.subspan(first.size());
    if (waiting.size() == kShortestFragment) {
      send_part(waiting, Fin::kMore);
      waiting.clear();
    }
  }
  while (bytes.size() >= kShortestFragment) {
    const auto part = bytes.first(std::min(bytes.size(), kLongestFragment));
    send_part(part, Fin::kMore);
    bytes = bytes.subspan(part.size());
  }
  waiting.insert(waiting.end(), bytes.begin(), bytes.end());
  return Sent::kYes;
}

Connection::Sent Connection::finish() {
  if (state_ != ConnectionState::kOpen || outgoing_ == nullptr) {
    return Sent::kNotOpen;
  }
  if (outgoing_->is_text && !outgoing_->utf8.is_complete()) {
    return Sent::kInvalidUtf8;
  }
  send_held_pong();
  send_part(outgoing_->waiting, Fin::kFinal);
  outgoing_.reset();
  return Sent::kYes;
}

void Connection::abandon_message(TimePoint now) {
  const bool is_begun = outgoing_ != nullptr && outgoing_->is_begun;
  outgoing_.reset();
  if (is_begun) {
    close(kCloseInternalError, "unfinished message", now);
  }
}

// The first part decides: when it is not the last, the message is long.
void Connection::send_part(std::span<const std::byte> part, Fin fin) {
  Outgoing& message = *outgoing_;
  if (!message.is_begun) {
    message.is_compressed =
        may_compress(message.compress, fin == Fin::kMore ? SIZE_MAX : part.size());
  }
  if (message.is_compressed) {
    send_deflated(message, part, fin);
  } else {
    send_fragment(message, part, fin);
  }
  message.is_begun = true;
}

void Connection::send_fragment(Outgoing& message, std::span<const std::byte> payload, Fin fin) {
  if (payload.empty() && fin == Fin::kMore) {
    return;  // the compressor kept it
  }
  const bool is_first = message.opcode != Opcode::kContinuation;
  send_frame(
      {.opcode = message.opcode, .fin = fin, .is_compressed = is_first && message.is_compressed},
      payload);
  message.opcode = Opcode::kContinuation;
}

// A frame's header at most, for each frame, and what DEFLATE adds at most: zlib's own bound for all
// its settings, with the tail and the shortest frames that send_deflated() makes.
std::size_t Connection::most_sent(std::size_t size) const {
  if (!settings_.deflate && outgoing_ == nullptr) {
    return size + kMaxFrameHeader;
  }
  if (outgoing_ != nullptr) {
    size += outgoing_->waiting.size();
    if (outgoing_->is_compressed) {
      size += most_kept_by_deflate(settings_.deflate->memory_level);
    }
  }
  const std::size_t deflated = settings_.deflate ? size / 8 + size / 64 + 16 : 0;
  // Each part makes one frame and one more for each that it fills.
  const std::size_t frames = 2 * ((size + deflated) / (kShortestFragment - kDeflateTail)) + 3;
  return size + deflated + frames * kMaxFrameHeader;
}

}  // namespace ws::protocol
