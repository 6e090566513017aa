// SPDX-License-Identifier: MIT
// From the opening to the messages: what the loop tells a WebSocket, and what its user asks of it.
#include "websocket_impl.h"

#include <algorithm>
#include <utility>

#include "net/loop_context.h"
#include "websocket_call.h"

namespace ws {
namespace {

using std::chrono::milliseconds;

}  // namespace

WebSocket::Impl::Impl(WebSocket& owner, EventLoop& loop, std::string_view url, Options options)
    : loop_(loop),
      owner_(&owner),
      send_high_water_(options.send_high_water),
      send_limit_(options.send_limit),
      flush_timeout_(options.flush_timeout),
      past_(std::make_unique<Past>()),
      handler_(options.handler),
      timer_(loop, [this] { take_turn(); }) {
  if (handler_ == nullptr) {
    callbacks() = std::move(options.callbacks);
  }
  Result<Url> parsed = parse_url(url);
  if (parsed) {
    past_->url = *parsed;
  }
  opening_ = std::make_unique<Opening>(
      loop, parsed ? plan_opening(past_->url, options) : Result<OpeningPlan>(parsed.error()),
      [this](Result<Opened> result) { opened(std::move(result)); });
}

WebSocket::Impl::~Impl() = default;

void WebSocket::Impl::opened(Result<Opened> result) {
  const Visit visit(*this);
  const std::unique_ptr<Opening> opening = std::move(opening_);
  remote_address_ = opening->remote_address();
  past_->times = opening->times();
  if (!result) {
    stage_ = Stage::kEnded;
    report(result.error());
    return;
  }
  open(std::move(*result));
}

void WebSocket::Impl::open(Opened opened) {
  past_->url = std::move(opened.url);
  stream_ = std::move(opened.stream);
  past_->response = std::move(opened.response);
  subprotocol_ = std::move(opened.subprotocol);
  stream_->set_handler(this);
  stream_->set_high_water(std::max<std::size_t>(send_high_water_, 1));
  connection_.emplace(opened.settings, loop_.context().random(), stream_->output(), now());
  stage_ = Stage::kOpen;
  if (paused_) {
    connection_->pause(now());
    stream_->pause_reading();
  }
  call(callback::kOpen);
  connection_->receive(opened.rest, now(), *this);  // nothing, when on_open has stopped it
  end_read();
  settle();
  if (stage_ == Stage::kOpen) {
    arm_timer();
  }
}

void WebSocket::Impl::on_data(std::span<std::byte> bytes) {
  const Visit visit(*this);
  connection_->receive(bytes, now(), *this);
  end_read();
  settle();
}

void WebSocket::Impl::end_read() {
  if (stage_ == Stage::kOpen) {
    call(callback::kReadEnd);
  }
}

void WebSocket::Impl::on_message(MessageType type, std::string_view data) {
  if (takes_chunks()) {
    on_chunk({.type = type, .data = data, .is_first = true, .is_last = true});
    return;
  }
  const Message message{.type = type, .data = data};
  if (takes_batches()) {
    on_messages({&message, 1});
  } else {
    call(callback::kMessage, message);
  }
}

bool WebSocket::Impl::takes_batches() const {
  return handler_ != nullptr || (callbacks_->slots.on_messages && !takes_chunks());
}

void WebSocket::Impl::on_messages(std::span<const Message> messages) {
  call(callback::kMessages, messages);
}

bool WebSocket::Impl::takes_chunks() const {
  return handler_ == nullptr && callbacks_->slots.on_message_chunk;
}

void WebSocket::Impl::on_chunk(const MessageChunk& chunk) {
  call(callback::kMessageChunk, chunk);
}

void WebSocket::Impl::on_pong(std::string_view payload) {
  call(callback::kPong, payload);
}

void WebSocket::Impl::on_round_trip(std::chrono::microseconds round_trip) {
  call(callback::kRoundTrip, round_trip);
}

void WebSocket::Impl::on_drained() {
  const Visit visit(*this);
  if (stage_ != Stage::kOpen) {
    return;
  }
  connection_->output_drained();
  call(callback::kDrain);
  settle();
}

void WebSocket::Impl::take_turn() {
  const Visit visit(*this);
  if (stage_ == Stage::kFlushing) {
    handle_flush_timer();
  }
  if (stage_ != Stage::kOpen) {
    return;
  }
  if (!paused_ && connection_->is_paused()) {
    resume_now();
  }
  if (stage_ != Stage::kOpen) {
    return;
  }
  if (const auto deadline = connection_->deadline(); deadline && *deadline <= now()) {
    if (const auto left = close_time_left()) {
      timer_.start(*left);
      return;
    }
    connection_->handle_deadline(now());
    settle();
  }
  if (stage_ == Stage::kOpen) {
    arm_timer();
  }
}

void WebSocket::Impl::arm_timer() {
  const auto deadline = connection_->deadline();
  if (!deadline || (timer_.is_running() && armed_for_ <= *deadline)) {
    return;  // firing early does no harm: take_turn() asks again
  }
  // Life after a ping brings the next one nearer than the end of the wait for life, and nobody is
  // told of it.
  const auto interval = protocol::clamp_wait(connection_->settings().ping_interval);
  armed_for_ = interval.count() > 0 ? std::min(*deadline, now() + interval) : *deadline;
  timer_.start(std::max(std::chrono::ceil<milliseconds>(armed_for_ - now()), milliseconds(0)));
}

bool WebSocket::Impl::can_send() const {
  return stage_ == Stage::kOpen && !hung_up_;
}

protocol::Connection::Compress WebSocket::Impl::compress_of(const SendOptions& options) {
  using Compress = protocol::Connection::Compress;
  return options.compress ? Compress::kIfLongEnough : Compress::kNever;
}

SendResult WebSocket::Impl::send(MessageType type, std::string_view data,
                                 const SendOptions& options) {
  if (!can_send() || !connection_->has_room_for(data.size(), send_limit_)) {
    return SendResult::kRefused;
  }
  return sent(connection_->send(type, data, compress_of(options)));
}

BatchResult WebSocket::Impl::send_batch(MessageType type,
                                        std::span<const std::string_view> messages,
                                        const SendOptions& options) {
  if (messages.empty()) {
    return {};
  }
  if (!can_send()) {
    return {.result = SendResult::kRefused};
  }
  const auto batch = connection_->send_batch(type, messages, compress_of(options), send_limit_);
  BatchResult result{.taken = batch.taken};
  if (batch.taken > 0) {
    flush();
    result.is_queued = stream_->output().size() > send_high_water_;
  }
  if (batch.taken == messages.size()) {
    result.result = result.is_queued ? SendResult::kQueued : SendResult::kSent;
  } else {
    result.result = batch.sent == protocol::Connection::Sent::kInvalidUtf8
                        ? SendResult::kInvalidUtf8
                        : SendResult::kRefused;
  }
  return result;
}

SendResult WebSocket::Impl::sent(protocol::Connection::Sent sent) {
  switch (sent) {
    case protocol::Connection::Sent::kNotOpen:
      return SendResult::kRefused;
    case protocol::Connection::Sent::kInvalidUtf8:
      return SendResult::kInvalidUtf8;
    case protocol::Connection::Sent::kYes:
      break;
  }
  flush();
  return stream_->output().size() > send_high_water_ ? SendResult::kQueued : SendResult::kSent;
}

bool WebSocket::Impl::ping(std::string_view payload) {
  if (!can_send() || stream_->output().size() >= send_limit_ || !connection_->ping(payload)) {
    return false;
  }
  stream_->flush_soon();
  return true;
}

void WebSocket::Impl::pause() {
  if (std::exchange(paused_, true) || stage_ != Stage::kOpen) {
    return;
  }
  connection_->pause(now());
  stream_->pause_reading();
}

void WebSocket::Impl::resume() {
  if (!std::exchange(paused_, false) || stage_ != Stage::kOpen) {
    return;
  }
  // What is kept calls back, which it must not from inside this function.
  armed_for_ = {};
  timer_.start(milliseconds(0));
}

void WebSocket::Impl::resume_now() {
  if (close_sent_at_) {
    close_sent_at_ = now();  // the wait for the peer's Close rested, as nothing was read
  }
  connection_->resume(now(), *this);
  end_read();
  settle();
  if (stage_ == Stage::kOpen && !connection_->is_paused()) {
    stream_->resume_reading();
  }
}

State WebSocket::Impl::state() const {
  switch (stage_) {
    case Stage::kOpening:
      return State::kConnecting;
    case Stage::kEnded:
      return State::kClosed;
    case Stage::kOpen:
    case Stage::kFlushing:
      break;
  }
  const bool is_open = can_send() && connection_->state() == protocol::ConnectionState::kOpen;
  return is_open ? State::kOpen : State::kClosing;
}

OpeningTimes WebSocket::Impl::opening_times() const {
  if (opening_ != nullptr) {
    return opening_->times();
  }
  return past_ != nullptr ? past_->times : OpeningTimes{};
}

void WebSocket::Impl::forget_opening() {
  if (connection_) {
    past_.reset();
  }
}

const Url& WebSocket::Impl::url() const {
  static const Url none;
  return past_ != nullptr ? past_->url : none;
}

const HttpResponse& WebSocket::Impl::response() const {
  static const HttpResponse none;
  return past_ != nullptr ? past_->response : none;
}

bool WebSocket::Impl::is_compression_agreed() const {
  return connection_ && connection_->settings().deflate;
}

Callbacks& WebSocket::Impl::callbacks() {
  if (callbacks_ == nullptr) {
    callbacks_ = std::make_unique<CallbackSlots>();
  }
  return callbacks_->slots;
}

std::optional<TlsInfo> WebSocket::Impl::tls_info() const {
  return stream_ != nullptr ? stream_->tls_info() : std::nullopt;
}

std::size_t WebSocket::Impl::buffered_amount() const {
  return stream_ != nullptr ? stream_->output().size() : lost_output_;
}

BufferMemory WebSocket::Impl::buffer_memory() const {
  return {.output = stream_ != nullptr ? stream_->output().allocated() : 0,
          .input = connection_ ? connection_->input_held() : 0};
}

std::uint64_t WebSocket::Impl::received_bytes() const {
  return connection_ ? connection_->received_bytes() : 0;
}

std::chrono::microseconds WebSocket::Impl::ping_round_trip() const {
  return connection_ ? connection_->ping_round_trip() : std::chrono::microseconds(0);
}

const std::string& WebSocket::Impl::remote_address() const {
  return opening_ != nullptr ? opening_->remote_address() : remote_address_;
}

}  // namespace ws
