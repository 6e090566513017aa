// SPDX-License-Identifier: MIT
// A message that is written in pieces, and the writer that is attached to it.
#include <utility>

#include "websocket_impl.h"

namespace ws {

bool WebSocket::Impl::start_message(MessageType type, const SendOptions& options) {
  return can_send() && connection_->start_message(type, compress_of(options));
}

SendResult WebSocket::Impl::write(std::string_view piece) {
  if (!can_send() || !connection_->has_room_for(piece.size(), send_limit_)) {
    return SendResult::kRefused;
  }
  return sent(connection_->write(piece));
}

// What waits was given its room when it was written.
SendResult WebSocket::Impl::finish_message() {
  if (!can_send()) {
    return SendResult::kRefused;
  }
  const SendResult result = sent(connection_->finish());
  if (!connection_->is_writing()) {
    detach_writer();
  }
  return result;
}

void WebSocket::Impl::abandon_message() {
  writer_link_ = nullptr;
  if (stage_ != Stage::kOpen || connection_->state() != protocol::ConnectionState::kOpen) {
    return;
  }
  connection_->abandon_message(now());
  if (connection_->state() == protocol::ConnectionState::kClosing) {
    await_close();
  }
}

void WebSocket::Impl::detach_writer() {
  if (auto* const link = std::exchange(writer_link_, nullptr)) {
    *link = nullptr;
  }
}

}  // namespace ws
