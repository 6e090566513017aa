// SPDX-License-Identifier: MIT
// The face of a message under way. WebSocket::Impl knows the writer that is attached to it, so that
// neither is left behind with a pointer to the other.
#include <utility>

#include <ws/message_writer.h>

#include "websocket_impl.h"

namespace ws {

MessageWriter::MessageWriter(WebSocket& socket) {
  attach(&socket);
}

MessageWriter::~MessageWriter() {
  abandon();
}

MessageWriter::MessageWriter(MessageWriter&& other) noexcept {
  attach(std::exchange(other.socket_, nullptr));
}

MessageWriter& MessageWriter::operator=(MessageWriter&& other) noexcept {
  if (this != &other) {
    abandon();
    attach(std::exchange(other.socket_, nullptr));
  }
  return *this;
}

void MessageWriter::attach(WebSocket* socket) noexcept {
  socket_ = socket;
  if (socket_ != nullptr) {
    socket_->impl_->attach_writer(&socket_);
  }
}

void MessageWriter::abandon() noexcept {
  if (auto* socket = std::exchange(socket_, nullptr)) {
    socket->impl_->abandon_message();
  }
}

SendResult MessageWriter::write(std::string_view piece) {
  return socket_ != nullptr ? socket_->impl_->write(piece) : SendResult::kRefused;
}

SendResult MessageWriter::write(std::span<const std::byte> piece) {
  return write(std::string_view(reinterpret_cast<const char*>(piece.data()), piece.size()));
}

SendResult MessageWriter::finish() {
  return socket_ != nullptr ? socket_->impl_->finish_message() : SendResult::kRefused;
}

bool MessageWriter::is_open() const {
  return socket_ != nullptr && socket_->state() == State::kOpen;
}

}  // namespace ws
