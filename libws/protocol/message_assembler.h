// SPDX-License-Identifier: MIT
// Puts the data frames of one message together (RFC 6455 section 5.4) and judges them while they
// come: size before a byte is stored, UTF-8 with each piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ws/options.h>

#include "protocol/frame.h"
#include "protocol/utf8.h"

namespace ws::protocol {

struct MessageLimits {
  std::size_t max_message = std::size_t{16} << 20;  // bytes
  std::size_t max_empty_fragments = 1024;           // a message
};

// One message at a time, in one flat buffer, so a fragment costs nothing but its bytes. The buffer
// grows with what has arrived, never with what a header declares, to at most max_message, and is
// given back after each message.
class MessageAssembler {
 public:
  enum class Outcome : std::uint8_t {
    kTaken,
    kUnexpectedContinuation,  // a continuation, but no message was begun
    kUnfinishedMessage,       // a new message before the last frame of the one under way
    kTooBig,
    kTooManyEmptyFragments,
    kInvalidUtf8,
  };

  explicit MessageAssembler(const MessageLimits& limits) : limits_(limits) {}

  // A message whose only frame lies whole in `payload`: judged where it is, nothing is stored.
  // Precondition: no message is under way.
  [[nodiscard]] Outcome judge_whole(MessageType type, std::span<const std::byte> payload) const {
    if (payload.size() > limits_.max_message) {
      return Outcome::kTooBig;
    }
    return type == MessageType::kText && !is_valid_utf8(payload) ? Outcome::kInvalidUtf8
                                                                 : Outcome::kTaken;
  }

  // A data frame begins, then its payload follows in any pieces, then it ends. After an outcome
  // other than kTaken the assembler must not be used any more.
  [[nodiscard]] Outcome begin_frame(const FrameHeader& header);
  [[nodiscard]] Outcome append(std::span<const std::byte> payload);
  [[nodiscard]] Outcome end_frame();

  // Between the first frame of a message and take().
  [[nodiscard]] bool is_under_way() const { return is_under_way_; }

  // After end_frame(): was it the last frame of its message?
  [[nodiscard]] bool is_complete() const { return is_final_; }

  [[nodiscard]] MessageType type() const { return type_; }

  // The bytes of the complete message; ready for the next one afterwards.
  [[nodiscard]] std::vector<char> take();

  // Bytes of the message under way so far.
  [[nodiscard]] std::size_t size() const { return buffer_.size(); }

  // Bytes of memory held, for tests.
  [[nodiscard]] std::size_t allocated() const { return buffer_.capacity(); }

 private:
  void grow_for(std::size_t size);

  MessageLimits limits_;
  std::vector<char> buffer_;  // its reserve() gives what it is asked for, a string's more
  std::size_t empty_fragments_ = 0;
  Utf8Validator utf8_;
  MessageType type_ = MessageType::kText;
  bool is_under_way_ = false;
  bool is_final_ = false;
};

}  // namespace ws::protocol
