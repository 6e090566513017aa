// SPDX-License-Identifier: MIT
// permessage-deflate on a connection (RFC 7692 section 7.2): compressed payloads to pieces of
// messages and back, a bounded buffer at a time.
#include <algorithm>
#include <array>
#include <utility>

#include "protocol/connection.h"

namespace ws::protocol {
namespace {

// What is inflated at once, and the payload of a compressed frame at most.
constexpr std::size_t kDeflatePiece = std::size_t{16} << 10;
// What is looked at to fill it: few bytes can inflate to many pieces, and each time the rest of
// them is masked again (by a server).
constexpr std::size_t kInput = std::size_t{4} << 10;

using Buffer = std::array<std::byte, kDeflatePiece>;

}  // namespace

// One buffer of it. While more can be told without further bytes, must_inflate_ says so, and a
// pause or an end in between is respected.
std::span<std::byte> Connection::inflate_payload(std::span<std::byte> bytes,
                                                 ConnectionEvents& events) {
  const std::uint64_t left = frame_.payload_size - payload_taken_;
  const auto piece =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>({left, bytes.size(), kInput})));
  if (settings_.role == Role::kServer) {
    mask_in_place(piece, frame_.key, payload_taken_);
  }
  if (inflater_ == nullptr) {
    inflater_ = std::make_unique<Inflater>();
  }
  // Written before it is read; setting 16 KiB to zero would cost more than a short message does.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  Buffer out;
  const auto step = inflater_->inflate(piece, out, piece.size() == left ? frame_.fin : Fin::kMore);
  payload_taken_ += step.consumed;
  received_payload_ += step.consumed;
  if (settings_.role == Role::kServer) {
    mask_in_place(piece.subspan(step.consumed), frame_.key, payload_taken_);  // to be read again
  }
  const bool is_corrupt = step.outcome == Inflater::Outcome::kCorrupt;
  if (is_corrupt && step.produced == 0) {
    fail({ErrorCode::kInvalidCompression, kCloseInvalidPayload, "message that does not inflate"});
    return {};
  }
  // What came before the corrupt byte is judged before it: the inflater says so once more.
  must_inflate_ = is_corrupt || step.outcome == Inflater::Outcome::kOutFull;
  is_in_payload_ = must_inflate_ || payload_taken_ < frame_.payload_size;
  const bool is_end = step.outcome == Inflater::Outcome::kEnd;
  if (is_end && settings_.deflate->peer_no_context_takeover) {
    inflater_.reset();
  }
  deliver(std::span(out).first(step.produced), is_end ? Fin::kFinal : Fin::kMore, events);
  return bytes.subspan(step.consumed);
}

bool Connection::may_compress(Compress compress, std::size_t size) const {
  return settings_.deflate && compress == Compress::kIfLongEnough && size > 0 &&
         size >= settings_.deflate->threshold &&
         settings_.deflate->window_bits >= kMinRawWindowBits;
}

// Bytes leave as soon as they fill a frame, all but the last four: they may be the tail, which is
// not sent (RFC 7692 section 7.2.1).
void Connection::send_deflated(Outgoing& message, std::span<const std::byte> input, Fin fin) {
  if (deflater_ == nullptr) {
    deflater_ = std::make_unique<Deflater>(*settings_.deflate);
  }
  const auto whole = input;
  const bool is_whole = !std::exchange(message.is_begun, true) && fin == Fin::kFinal;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): as above
  Buffer out;
  std::size_t filled = 0;
  while (true) {
    const auto step = deflater_->deflate(input, std::span(out).subspan(filled), fin);
    input = input.subspan(step.consumed);
    filled += step.produced;
    if (!step.is_full) {
      break;
    }
    const std::size_t ready = filled - std::min(filled, kDeflateTail);
    send_fragment(message, std::span(out).first(ready), Fin::kMore);
    std::copy(out.begin() + ready, out.begin() + filled, out.begin());
    filled -= ready;
  }
  if (fin == Fin::kMore) {
    send_fragment(message, std::span(out).first(filled), fin);
    return;
  }
  filled -= kDeflateTail;
  const bool forgets = settings_.deflate->no_context_takeover;
  if (forgets) {
    deflater_.reset();
  }
  // A message that grew goes out as it is, unless the peer's window must keep up with ours.
  const bool is_unsent = message.opcode != Opcode::kContinuation;
  if (forgets && is_whole && is_unsent && filled >= whole.size()) {
    message.is_compressed = false;
    send_fragment(message, whole, fin);
  } else {
    send_fragment(message, std::span(out).first(filled), fin);
  }
}

}  // namespace ws::protocol
