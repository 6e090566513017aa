// SPDX-License-Identifier: MIT
// Many messages at once: what cannot change between them is asked once, and their frames are
// written in one piece of output, each payload judged and masked in a single pass.
#include <algorithm>

#include "protocol/byte_order.h"
#include "protocol/connection.h"
#include "protocol/utf8.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kMostTogether = 64;
constexpr std::size_t kLongestTogether = std::size_t{64}
                                         << 10;  // of output, frame headers included

constexpr std::byte kFin{0x80};
constexpr std::byte kMask{0x80};
constexpr std::byte kMaskedLength16{126};

struct Together {
  std::size_t count = 0;
  std::size_t size = 0;  // of their frames
};

// As many as fit into one piece, and into `room` by the rule that each must leave place for the
// longest header.
Together fit_together(std::span<const std::string_view> messages, std::size_t room) {
  const std::size_t most = std::min(room, kLongestTogether);
  Together together;
  for (const std::string_view message : messages.first(std::min(messages.size(), kMostTogether))) {
    if (message.size() > most || together.size + message.size() + kMaxFrameHeader > most) {
      break;
    }
    together.size += frame_header_size(message.size(), Role::kClient) + message.size();
    ++together.count;
  }
  return together;
}

// encode_frame_header() for what kLongestTogether lets through, inline: an unfragmented message of
// a client. Returns where the payload goes.
std::byte* put_header(std::byte* out, Opcode opcode, std::size_t payload, const MaskKey& key) {
  *out++ = kFin | static_cast<std::byte>(opcode);
  if (payload <= kMaxControlPayload) [[likely]] {
    *out++ = kMask | static_cast<std::byte>(payload);
  } else {
    *out++ = kMask | kMaskedLength16;
    store_be16(out, static_cast<std::uint16_t>(payload));
    out += 2;
  }
  return std::copy(key.begin(), key.end(), out);
}

}  // namespace

bool Connection::has_room_for(std::size_t size, std::size_t output_limit) const {
  const std::size_t queued = output_.size();
  return queued < output_limit && most_sent(size) <= output_limit - queued;
}

// A held pong goes out before the first message, if it can; whether it can does not change behind
// it, as the output and what was sent grow alike.
Connection::BatchSent Connection::send_batch(MessageType type,
                                             std::span<const std::string_view> messages,
                                             Compress compress, std::size_t output_limit) {
  const bool goes_alone = settings_.role == Role::kServer || settings_.deflate;
  bool is_alone = goes_alone || held_pong_;
  std::size_t taken = 0;
  if (state_ != ConnectionState::kOpen || outgoing_ != nullptr) {
    return {taken, Sent::kNotOpen};
  }
  while (taken < messages.size()) {
    const auto rest = messages.subspan(taken);
    const std::size_t room = output_limit - std::min(output_limit, output_.size());
    const Together together = is_alone ? Together{} : fit_together(rest, room);
    if (together.count > 0) {
      const std::size_t sent = send_together(type, rest.first(together.count), together.size);
      taken += sent;
      if (sent < together.count) {
        return {taken, Sent::kInvalidUtf8};
      }
      continue;
    }
    if (!has_room_for(rest.front().size(), output_limit)) {
      return {taken, Sent::kYes};
    }
    if (const Sent sent = send(type, rest.front(), compress); sent != Sent::kYes) {
      return {taken, sent};
    }
    ++taken;
    is_alone = goes_alone;
  }
  return {taken, Sent::kYes};
}

// Returns how many are sent: all, or those before the first that is not UTF-8. `size` is that of
// all frames.
std::size_t Connection::send_together(MessageType type, std::span<const std::string_view> messages,
                                      std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled right away
  std::array<MaskKey, kMostTogether> keys;
  // One for each frame, drawn together (sections 5.3, 10.3).
  random_.fill(std::as_writable_bytes(std::span(keys).first(messages.size())));
  const auto out = output_.reserve(size);
  std::byte* end = out.data();
  std::size_t sent = 0;
  for (; sent < messages.size(); ++sent) {
    const auto payload = std::as_bytes(std::span(messages[sent]));
    std::byte* const to = put_header(end, static_cast<Opcode>(type), payload.size(), keys[sent]);
    const bool is_ascii = mask_copy_ascii(to, payload.data(), payload.size(), keys[sent]);
    if (!is_ascii && type == MessageType::kText && !is_valid_utf8(payload)) [[unlikely]] {
      break;
    }
    end = to + payload.size();
  }
  const auto written = static_cast<std::size_t>(end - out.data());
  output_.commit(written);
  sent_ += written;
  return sent;
}

}  // namespace ws::protocol
