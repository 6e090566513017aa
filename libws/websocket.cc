// SPDX-License-Identifier: MIT
// The public face of WebSocket::Impl.
#include <ws/websocket.h>

#include "websocket_impl.h"

namespace ws {

WebSocket::WebSocket(EventLoop& loop, std::string_view url, Options options)
    : impl_(std::make_unique<Impl>(*this, loop, url, std::move(options))) {}

WebSocket::~WebSocket() {
  Impl::dispose(std::move(impl_));
}

SendResult WebSocket::send(std::string_view text, const SendOptions& options) {
  return impl_->send(MessageType::kText, text, options);
}

SendResult WebSocket::send_binary(std::span<const std::byte> bytes, const SendOptions& options) {
  return impl_->send(MessageType::kBinary,
                     {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, options);
}

BatchResult WebSocket::send_batch(MessageType type, std::span<const std::string_view> messages,
                                  const SendOptions& options) {
  return impl_->send_batch(type, messages, options);
}

MessageWriter WebSocket::start_message(MessageType type, const SendOptions& options) {
  return impl_->start_message(type, options) ? MessageWriter(*this) : MessageWriter();
}

bool WebSocket::ping(std::string_view payload) {
  return impl_->ping(payload);
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
  impl_->close(code, reason);
}

void WebSocket::abort() {
  impl_->abort();
}

void WebSocket::pause() {
  impl_->pause();
}

void WebSocket::resume() {
  impl_->resume();
}

bool WebSocket::is_paused() const {
  return impl_->is_paused();
}

State WebSocket::state() const {
  return impl_->state();
}

const Url& WebSocket::url() const {
  return impl_->url();
}

const std::string& WebSocket::subprotocol() const {
  return impl_->subprotocol();
}

const HttpResponse& WebSocket::response() const {
  return impl_->response();
}

OpeningTimes WebSocket::opening_times() const {
  return impl_->opening_times();
}

void WebSocket::forget_opening() {
  impl_->forget_opening();
}

std::optional<TlsInfo> WebSocket::tls_info() const {
  return impl_->tls_info();
}

std::size_t WebSocket::buffered_amount() const {
  return impl_->buffered_amount();
}

BufferMemory WebSocket::buffer_memory() const {
  return impl_->buffer_memory();
}

std::uint64_t WebSocket::received_bytes() const {
  return impl_->received_bytes();
}

bool WebSocket::is_compression_agreed() const {
  return impl_->is_compression_agreed();
}

std::chrono::microseconds WebSocket::ping_round_trip() const {
  return impl_->ping_round_trip();
}

std::string WebSocket::remote_address() const {
  return impl_->remote_address();
}

Callbacks& WebSocket::callbacks() {
  return impl_->callbacks();
}

}  // namespace ws
