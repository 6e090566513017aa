// SPDX-License-Identifier: MIT
// What a connection sends: frames, and the answers to pings.
#include <algorithm>
#include <cassert>
#include <utility>

#include "protocol/close_frame.h"
#include "protocol/connection.h"
#include "protocol/utf8.h"

namespace ws::protocol {
namespace {

// Masked payload is written in pieces of this size, so one huge message needs no huge segment.
constexpr std::size_t kMaskedPiece = std::size_t{64} << 10;

void copy_payload(std::span<std::byte> to, std::span<const std::byte> from, Role role,
                  const MaskKey& key, std::size_t offset) {
  if (role == Role::kClient) {
    mask_copy(to, from, key, offset);
  } else {
    std::copy(from.begin(), from.end(), to.begin());
  }
}

}  // namespace

Connection::Sent Connection::send(MessageType type, std::string_view data, Compress compress) {
  if (state_ != ConnectionState::kOpen || outgoing_ != nullptr) {
    return Sent::kNotOpen;
  }
  if (type == MessageType::kText && !is_valid_utf8(data)) {
    return Sent::kInvalidUtf8;
  }
  if (held_pong_) [[unlikely]] {
    send_held_pong();
  }
  const auto opcode = static_cast<Opcode>(type);
  const auto payload = std::as_bytes(std::span(data));
  if (may_compress(compress, payload.size())) [[unlikely]] {
    Outgoing message{.opcode = opcode, .is_compressed = true};
    send_deflated(message, payload, Fin::kFinal);
  } else {
    send_frame({.opcode = opcode}, payload);
  }
  return Sent::kYes;
}

bool Connection::ping(std::string_view payload) {
  if (state_ != ConnectionState::kOpen || payload.size() > kMaxControlPayload) {
    return false;
  }
  send_frame({.opcode = Opcode::kPing}, std::as_bytes(std::span(payload)));
  return true;
}

void Connection::send_frame(FrameHeader header, std::span<const std::byte> payload) {
  const Role role = settings_.role;
  header.payload_size = payload.size();
  if (role == Role::kClient) {
    random_.fill(header.key);  // fresh for every frame (sections 5.3, 10.3)
  }
  const std::size_t header_size = frame_header_size(payload.size(), role);
  const auto first = payload.first(std::min(payload.size(), kMaskedPiece));
  const auto out = output_.reserve(header_size + first.size());
  encode_frame_header(out.data(), header, role);
  copy_payload(out.subspan(header_size), first, role, header.key, 0);
  output_.commit(out.size());

  for (std::size_t offset = first.size(); offset < payload.size();) {
    const auto piece = payload.subspan(offset, std::min(payload.size() - offset, kMaskedPiece));
    copy_payload(output_.reserve(piece.size()), piece, role, header.key, offset);
    output_.commit(piece.size());
    offset += piece.size();
  }
  sent_ += header_size + payload.size();
}

void Connection::send_close(std::uint16_t code, std::string_view reason) {
  const std::string payload = make_close_payload(code, reason);
  send_frame({.opcode = Opcode::kClose}, std::as_bytes(std::span(payload)));
}

// Pongs wait in the output while fewer than sent_ - pongs_end_ bytes are left behind them. A batch
// that has left makes room for the next one.
bool Connection::may_send_pong() {
  if (output_.size() <= sent_ - pongs_end_) {
    waiting_pongs_ = 0;
  }
  return waiting_pongs_ < settings_.max_queued_pongs;
}

// Each ping has its own pong, in order, until too many wait for a peer that does not read; then
// only the latest ping is remembered (section 5.5.3).
void Connection::answer_ping(std::span<const std::byte> payload) {
  if (!may_send_pong()) {
    held_pong_ = std::make_unique<const std::string>(reinterpret_cast<const char*>(payload.data()),
                                                     payload.size());
    return;
  }
  held_pong_.reset();  // older than this one
  send_frame({.opcode = Opcode::kPong}, payload);
  pongs_end_ = sent_;
  ++waiting_pongs_;
}

void Connection::send_held_pong() {
  if (held_pong_ && state_ <= ConnectionState::kClosing && may_send_pong()) {
    const auto payload = std::move(held_pong_);
    answer_ping(std::as_bytes(std::span(*payload)));
  }
}

// One that still waits in the output is ping enough: a peer that does not read gets no queue of
// them.
void Connection::send_keepalive_ping() {
  if (output_.size() > sent_ - ping_end_) {
    keepalive_.wait_again(now_);
    return;
  }
  send_frame({.opcode = Opcode::kPing}, keepalive_.start_ping(now_, random_));
  ping_end_ = sent_;
}

void Connection::output_drained() {
  send_held_pong();
}

}  // namespace ws::protocol
