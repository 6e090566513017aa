// SPDX-License-Identifier: MIT
// The data frames of one message (RFC 6455 section 5.4), judged while they come: their order, their
// size before a byte is stored, UTF-8 with each piece. It stores what is to be delivered whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ws/options.h>

#include "protocol/frame.h"
#include "protocol/utf8.h"

namespace ws::protocol {

struct MessageLimits {
  std::size_t max_message = std::size_t{16} << 20;  // bytes, inflated
  std::size_t max_frame = 0;                        // bytes as they are sent; 0: no limit
  std::size_t max_empty_fragments = 1024;           // a message
};

// One message at a time, stored in one flat buffer, so a fragment costs nothing but its bytes. The
// buffer grows with what has arrived, never with what a header declares, to at most max_message,
// and is given back after each message.
class MessageAssembler {
 public:
  enum class Outcome : std::uint8_t {
    kTaken,
    kUnexpectedContinuation,  // a continuation, but no message was begun
    kUnfinishedMessage,       // a new message before the last frame of the one under way
    kTooBig,
    kFrameTooBig,
    kTooManyEmptyFragments,
    kInvalidUtf8,
  };

  explicit MessageAssembler(const MessageLimits& limits) : limits_(limits) {
    limits_.max_frame = limits.max_frame == 0 ? SIZE_MAX : limits.max_frame;
  }

  // What a frame that is a whole message, not compressed, may hold.
  [[nodiscard]] std::size_t longest_frame() const {
    return std::min(limits_.max_message, limits_.max_frame);
  }

  // A message whose only frame lies whole in `payload`, not compressed: judged where it is, nothing
  // is stored. Precondition: no message is under way.
  [[nodiscard]] Outcome judge_whole(MessageType type, std::span<const std::byte> payload) const {
    if (payload.size() > longest_frame()) {
      return payload.size() > limits_.max_message ? Outcome::kTooBig : Outcome::kFrameTooBig;
    }
    return type == MessageType::kText && !is_valid_utf8(payload) ? Outcome::kInvalidUtf8
                                                                 : Outcome::kTaken;
  }

  // A data frame begins. Then its payload is judged in any pieces, inflated ones if it is
  // compressed; the last one of the message with Fin::kFinal. After an outcome other than kTaken
  // the assembler must not be used any more.
  [[nodiscard]] Outcome begin_frame(const FrameHeader& header);
  [[nodiscard]] Outcome judge(std::span<const std::byte> piece, Fin fin);

  // Keeps a piece that was judged.
  void store(std::span<const std::byte> piece);
  // The stored bytes of a message that is complete; ready for the next one afterwards.
  [[nodiscard]] std::vector<char> take();

  // Between the first frame of a message and take().
  [[nodiscard]] bool is_under_way() const { return is_under_way_; }

  [[nodiscard]] MessageType type() const { return type_; }

  [[nodiscard]] bool is_compressed() const { return is_compressed_; }

  // Bytes of the message under way that were judged.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  [[nodiscard]] bool has_stored() const { return !buffer_.empty(); }

  // Bytes of memory held.
  [[nodiscard]] std::size_t allocated() const { return buffer_.capacity(); }

 private:
  void grow_for(std::size_t size);

  MessageLimits limits_;
  std::vector<char> buffer_;  // its reserve() gives what it is asked for, a string's more
  std::uint64_t size_ = 0;
  std::size_t empty_fragments_ = 0;
  Utf8Validator utf8_;
  MessageType type_ = MessageType::kText;
  bool is_under_way_ = false;
  bool is_compressed_ = false;
};

}  // namespace ws::protocol
