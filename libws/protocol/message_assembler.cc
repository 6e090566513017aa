// SPDX-License-Identifier: MIT
// Fragments into messages.
#include "protocol/message_assembler.h"

#include <algorithm>
#include <utility>

namespace ws::protocol {
namespace {

constexpr std::size_t kFirstStep = std::size_t{4} << 10;

}  // namespace

MessageAssembler::Outcome MessageAssembler::begin_frame(const FrameHeader& header) {
  if (header.opcode == Opcode::kContinuation && !is_under_way_) {
    return Outcome::kUnexpectedContinuation;
  }
  if (header.opcode != Opcode::kContinuation && is_under_way_) {
    return Outcome::kUnfinishedMessage;
  }
  if (header.opcode != Opcode::kContinuation) {
    type_ = header.opcode == Opcode::kText ? MessageType::kText : MessageType::kBinary;
    is_compressed_ = header.is_compressed;
  }
  is_under_way_ = true;
  // By subtraction: the declared length may be near 2^63, and the sum would wrap. What a compressed
  // frame declares says nothing of the message's size, not even that it is larger.
  if (!is_compressed_ && header.payload_size > limits_.max_message - size_) {
    return Outcome::kTooBig;
  }
  if (header.payload_size > limits_.max_frame) {
    return Outcome::kFrameTooBig;
  }
  // Empty fragments are legal but make no progress, so only their number can bound them.
  if (header.payload_size == 0 && header.fin == Fin::kMore &&
      ++empty_fragments_ > limits_.max_empty_fragments) {
    return Outcome::kTooManyEmptyFragments;
  }
  return Outcome::kTaken;
}

// The first byte that breaks a rule decides, so the outcome does not depend on the pieces.
MessageAssembler::Outcome MessageAssembler::judge(std::span<const std::byte> piece, Fin fin) {
  const bool is_text = type_ == MessageType::kText;
  const auto room = static_cast<std::size_t>(limits_.max_message - size_);
  if (piece.size() > room) {
    return is_text && !utf8_.feed(piece.first(room)) ? Outcome::kInvalidUtf8 : Outcome::kTooBig;
  }
  size_ += piece.size();
  const bool is_bad_text =
      is_text && (!utf8_.feed(piece) || (fin == Fin::kFinal && !utf8_.is_complete()));
  return is_bad_text ? Outcome::kInvalidUtf8 : Outcome::kTaken;
}

void MessageAssembler::store(std::span<const std::byte> piece) {
  if (!piece.empty()) {
    grow_for(piece.size());
    const auto* bytes = reinterpret_cast<const char*>(piece.data());
    buffer_.insert(buffer_.end(), bytes, bytes + piece.size());
  }
}

std::vector<char> MessageAssembler::take() {
  is_under_way_ = false;
  is_compressed_ = false;
  size_ = 0;
  empty_fragments_ = 0;
  utf8_.reset();
  return std::exchange(buffer_, {});
}

// Doubles, so that many small pieces are copied once or twice each, but never past max_message.
void MessageAssembler::grow_for(std::size_t size) {
  const std::size_t needed = buffer_.size() + size;
  if (needed <= buffer_.capacity()) {
    return;
  }
  const std::size_t doubled = std::max(buffer_.capacity() * 2, kFirstStep);
  buffer_.reserve(std::max(needed, std::min(doubled, limits_.max_message)));
}

}  // namespace ws::protocol
