// SPDX-License-Identifier: MIT
// What a connection receives: bytes to frames, frames to messages and answers.
#include <algorithm>
#include <utility>

#include "protocol/close_frame.h"
#include "protocol/connection.h"

namespace ws::protocol {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void Connection::receive(std::span<std::byte> bytes, TimePoint now, ConnectionEvents& events) {
  if (bytes.empty() || state_ > ConnectionState::kClosing) {
    return;
  }
  now_ = now;
  keepalive_.note_received(now);
  if (held_pong_) [[unlikely]] {
    send_held_pong();
  }
  const auto rest = parse(bytes, events);
  // Behind an end nothing is looked at any more (sections 5.5.1 and 7.1.7).
  if (!rest.empty() && state_ <= ConnectionState::kClosing) {
    kept_.insert(kept_.end(), rest.begin(), rest.end());
  }
}

void Connection::resume(TimePoint now, ConnectionEvents& events) {
  if (!paused_) {
    return;
  }
  now_ = now;
  paused_ = false;
  keepalive_.restart(now);
  close_deadline_ = now + clamp_wait(settings_.close_timeout);  // matters while closing only
  if (is_parse_running_) {
    return;  // from inside an event: the parser merely goes on
  }
  const auto rest = parse(std::span(kept_).subspan(kept_parsed_), events);
  kept_parsed_ = kept_.size() - rest.size();
  if (rest.empty() || state_ > ConnectionState::kClosing) {
    kept_ = {};
    kept_parsed_ = 0;
  }
  if (is_eof_kept_ && kept_.empty() && !must_inflate_ && state_ <= ConnectionState::kClosing) {
    fail_with_eof();
  }
}

// The order of section 5.4 needs no more than this loop: a frame is handled before the next one is
// looked at, so every message before a bad frame has been delivered when it fails.
std::span<std::byte> Connection::parse(std::span<std::byte> bytes, ConnectionEvents& events) {
  is_parse_running_ = true;
  while ((!bytes.empty() || must_inflate_) && is_parsing()) {
    if (is_in_payload_) {
      bytes = take_payload(bytes, events);
      continue;
    }
    if (may_batch(events)) {
      const auto rest = take_batch(bytes, events);
      if (rest.size() < bytes.size()) {
        bytes = rest;
        continue;
      }
    }
    bytes = take_frame(bytes, events);
  }
  is_parse_running_ = false;
  return bytes;
}

std::span<std::byte> Connection::take_frame(std::span<std::byte> bytes, ConnectionEvents& events) {
  const auto payload = split_header_size_ == 0 ? take_header(bytes) : take_split_header(bytes);
  if (!is_in_payload_) {
    return {};  // incomplete and remembered, or broken
  }
  if (payload.size() < frame_.payload_size || is_compressed_frame()) {
    payload_taken_ = 0;
    if (!is_control_frame(frame_.opcode)) {
      begin_data(events);
    }
    return payload;
  }
  is_in_payload_ = false;
  const auto size = static_cast<std::size_t>(frame_.payload_size);
  handle_whole_frame(payload.first(size), events);
  return payload.subspan(size);
}

std::span<std::byte> Connection::take_header(std::span<std::byte> bytes) {
  if (settings_.role == Role::kClient && is_short_message_header(bytes)) [[likely]] {
    frame_ = decode_short_message_header(bytes);
    is_in_payload_ = true;
    return bytes.subspan(2);
  }
  const auto decoded = decode_frame_header(bytes, settings_.role,
                                           settings_.deflate ? Rsv1::kCompressed : Rsv1::kReserved);
  if (decoded.outcome == DecodedHeader::Outcome::kHeader) {
    frame_ = decoded.header;
    is_in_payload_ = true;
    return bytes.subspan(frame_.size);
  }
  if (decoded.outcome == DecodedHeader::Outcome::kNeedMore) {
    std::copy(bytes.begin(), bytes.end(), split_header_.begin());
    split_header_size_ = static_cast<std::uint8_t>(bytes.size());
  } else {
    fail({ErrorCode::kProtocolViolation, kCloseProtocolError, decoded.violation});
  }
  return {};
}

std::span<std::byte> Connection::take_split_header(std::span<std::byte> bytes) {
  const std::size_t had = split_header_size_;
  const auto more = bytes.first(std::min(bytes.size(), kMaxFrameHeader - had));
  std::copy(more.begin(), more.end(), split_header_.begin() + had);
  split_header_size_ = 0;
  // Bytes of the payload may have been copied as well: they are still in `bytes`.
  if (take_header(std::span(split_header_).first(had + more.size())); is_in_payload_) {
    return bytes.subspan(frame_.size - had);
  }
  return {};
}

std::span<std::byte> Connection::take_payload(std::span<std::byte> bytes,
                                              ConnectionEvents& events) {
  if (is_compressed_frame()) [[unlikely]] {
    return inflate_payload(bytes, events);
  }
  const std::uint64_t left = frame_.payload_size - payload_taken_;
  const auto piece =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
  if (settings_.role == Role::kServer) {
    mask_in_place(piece, frame_.key, payload_taken_);
  }
  const std::uint64_t offset = payload_taken_;
  payload_taken_ += piece.size();
  is_in_payload_ = payload_taken_ < frame_.payload_size;
  if (!is_control_frame(frame_.opcode)) {
    received_payload_ += piece.size();
    deliver(piece, is_in_payload_ ? Fin::kMore : frame_.fin, events);
  } else {
    take_control_piece(piece, offset, events);
  }
  return bytes.subspan(piece.size());
}

void Connection::take_control_piece(std::span<const std::byte> piece, std::uint64_t offset,
                                    ConnectionEvents& events) {
  if (control_ == nullptr) {
    control_ = std::make_unique<std::array<std::byte, kMaxControlPayload>>();
  }
  std::copy(piece.begin(), piece.end(), control_->begin() + offset);
  if (!is_in_payload_) {
    const auto control = std::move(control_);
    handle_control(std::span(*control).first(payload_taken_), events);
  }
}

void Connection::handle_whole_frame(std::span<std::byte> payload, ConnectionEvents& events) {
  if (settings_.role == Role::kServer) {
    mask_in_place(payload, frame_.key);
  }
  if (is_control_frame(frame_.opcode)) {
    handle_control(payload, events);
    return;
  }
  if (frame_.fin == Fin::kFinal && frame_.opcode != Opcode::kContinuation &&
      !assembler_.is_under_way()) {
    const auto type = static_cast<MessageType>(frame_.opcode);
    if (accept(assembler_.judge_whole(type, payload), payload.size())) {
      received_payload_ += payload.size();
      events.on_message(type, as_text(payload));
    }
    return;
  }
  if (begin_data(events)) {
    received_payload_ += payload.size();
    deliver(payload, frame_.fin, events);
  }
}

bool Connection::begin_data(const ConnectionEvents& events) {
  if (!accept(assembler_.begin_frame(frame_), frame_.payload_size)) {
    return false;
  }
  if (frame_.opcode != Opcode::kContinuation) {
    is_streamed_ = events.takes_chunks();
    is_chunk_told_ = false;
  }
  must_inflate_ = assembler_.is_compressed() && frame_.payload_size == 0;
  return true;
}

// A piece of the message under way, with Fin::kFinal its last. The state is that after the message
// before its event is told.
void Connection::deliver(std::span<const std::byte> piece, Fin fin, ConnectionEvents& events) {
  if (!accept(assembler_.judge(piece, fin), piece.size())) {
    return;
  }
  if (is_streamed_) {
    deliver_chunk(piece, fin, events);
    return;
  }
  const bool is_whole = fin == Fin::kFinal && !assembler_.has_stored();
  if (!is_whole) {
    assembler_.store(piece);
  }
  if (fin == Fin::kFinal) {
    const MessageType type = assembler_.type();
    const std::vector<char> message = assembler_.take();
    events.on_message(type,
                      is_whole ? as_text(piece) : std::string_view(message.data(), message.size()));
  }
}

void Connection::deliver_chunk(std::span<const std::byte> piece, Fin fin,
                               ConnectionEvents& events) {
  if (piece.empty() && fin == Fin::kMore) {
    return;
  }
  const MessageChunk chunk{.type = assembler_.type(),
                           .data = as_text(piece),
                           .is_first = !std::exchange(is_chunk_told_, true),
                           .is_last = fin == Fin::kFinal};
  if (chunk.is_last) {
    (void)assembler_.take();  // nothing was stored
  }
  events.on_chunk(chunk);
}

bool Connection::accept(MessageAssembler::Outcome outcome, std::uint64_t size) {
  using Outcome = MessageAssembler::Outcome;
  switch (outcome) {
    case Outcome::kTaken:
      return true;
    case Outcome::kUnexpectedContinuation:
      fail({ErrorCode::kProtocolViolation, kCloseProtocolError, "continuation without a message"});
      break;
    case Outcome::kUnfinishedMessage:
      fail({ErrorCode::kProtocolViolation, kCloseProtocolError,
            "new message inside a fragmented one"});
      break;
    case Outcome::kTooBig:
      fail({ErrorCode::kMessageTooBig, kCloseMessageTooBig, "message longer than max_message",
            ": at least " + std::to_string(assembler_.size() + size) + " bytes, limit " +
                std::to_string(settings_.max_message)});
      break;
    case Outcome::kFrameTooBig:
      fail({ErrorCode::kMessageTooBig, kCloseMessageTooBig, "frame longer than max_frame",
            ": " + std::to_string(frame_.payload_size) + " bytes, limit " +
                std::to_string(settings_.max_frame)});
      break;
    case Outcome::kTooManyEmptyFragments:
      fail({ErrorCode::kMessageTooBig, kCloseMessageTooBig, "too many empty fragments"});
      break;
    case Outcome::kInvalidUtf8:
      fail({ErrorCode::kInvalidUtf8, kCloseInvalidPayload, "text that is not UTF-8"});
      break;
  }
  return false;
}

void Connection::handle_control(std::span<const std::byte> payload, ConnectionEvents& events) {
  if (frame_.opcode == Opcode::kPing) {
    answer_ping(payload);  // also while our Close is unanswered (section 5.5.2)
  } else if (frame_.opcode == Opcode::kClose) {
    handle_close(payload);
  } else {
    handle_pong(as_text(payload), events);
  }
}

void Connection::handle_pong(std::string_view payload, ConnectionEvents& events) {
  switch (keepalive_.take_pong(payload, now_)) {
    case Keepalive::Pong::kOther:
      return events.on_pong(payload);
    case Keepalive::Pong::kLate:
      return;
    case Keepalive::Pong::kMeasured:
      return events.on_round_trip(keepalive_.round_trip());
  }
}

void Connection::handle_close(std::span<const std::byte> payload) {
  const ClosePayload close = parse_close_payload(payload);
  if (close.outcome == ClosePayload::Outcome::kViolation) {
    fail({ErrorCode::kProtocolViolation, kCloseProtocolError, close.violation});
    return;
  }
  if (close.outcome == ClosePayload::Outcome::kInvalidUtf8) {
    fail({ErrorCode::kInvalidUtf8, kCloseInvalidPayload, close.violation});
    return;
  }
  close_info_ =
      std::make_unique<const CloseInfo>(CloseInfo{.code = close.code,
                                                  .reason = std::string(close.reason),
                                                  .by_peer = state_ == ConnectionState::kOpen});
  if (state_ == ConnectionState::kOpen) {
    send_close(close.code, {});  // section 5.5.1: typically echoes the code
  }
  state_ = ConnectionState::kClosed;
}

}  // namespace ws::protocol
