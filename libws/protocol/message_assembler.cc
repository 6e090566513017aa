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
  // By subtraction: the declared length may be near 2^63, and the sum would wrap.
  if (header.payload_size > limits_.max_message - buffer_.size()) {
    return Outcome::kTooBig;
  }
  // Empty fragments are legal but make no progress, so only their number can bound them.
  if (header.payload_size == 0 && header.fin == Fin::kMore &&
      ++empty_fragments_ > limits_.max_empty_fragments) {
    return Outcome::kTooManyEmptyFragments;
  }
  if (header.opcode != Opcode::kContinuation) {
    type_ = header.opcode == Opcode::kText ? MessageType::kText : MessageType::kBinary;
  }
  is_under_way_ = true;
  is_final_ = header.fin == Fin::kFinal;
  return Outcome::kTaken;
}

MessageAssembler::Outcome MessageAssembler::append(std::span<const std::byte> payload) {
  if (type_ == MessageType::kText && !utf8_.feed(payload)) {
    return Outcome::kInvalidUtf8;
  }
  if (!payload.empty()) {
    grow_for(payload.size());
    const auto* bytes = reinterpret_cast<const char*>(payload.data());
    buffer_.insert(buffer_.end(), bytes, bytes + payload.size());
  }
  return Outcome::kTaken;
}

MessageAssembler::Outcome MessageAssembler::end_frame() {
  const bool is_cut = is_final_ && type_ == MessageType::kText && !utf8_.is_complete();
  return is_cut ? Outcome::kInvalidUtf8 : Outcome::kTaken;
}

std::vector<char> MessageAssembler::take() {
  is_under_way_ = false;
  is_final_ = false;
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
