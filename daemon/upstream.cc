// SPDX-License-Identifier: MIT
// What the session asks of its upstream, and what the connection tells.
#include "daemon/upstream.h"

#include <algorithm>
#include <utility>

#include "daemon/upstream_state.h"
#include "daemon/upstream_verdict.h"

namespace wsbridged {

using std::chrono::milliseconds;

namespace {

// A row of slices shorter than this costs more than waiting for room.
constexpr std::size_t kLeastSlice = 1024;

// A dial that is given up after so long counts as failed: else a program that leaves early would
// keep the damper from ever seeing a server that says nothing.
constexpr std::chrono::seconds kDialPatience{1};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Upstream::Upstream(Context context, UpstreamUser& user) : context_(context), user_(user) {
  const config::Bridge& settings = context_.bridge.settings();
  if (settings.reconnect.enabled) {
    reconnect_ = std::make_unique<Reconnect>(settings);
  }
}

Upstream::~Upstream() = default;

void Upstream::dial() {
  dialled_at_ = now();
  if (reconnect_) {
    reconnect_->outage_since = now();  // the first dial counts as a reconnect
  }
  begin_dial();
}

// Each byte can at worst end a line of its own, which then counts kLineOverhead; so what a slice
// becomes, and the part that is held behind it, fit into the room.
std::size_t Upstream::most_bytes(std::size_t part, std::size_t size) {
  if (!reconnect_) {
    return state_ == State::kReady ? size : 0;
  }
  if (state_ != State::kReady || socket_->state() != ws::State::kOpen || is_full_) {
    return 0;  // when it is full, replayed lines wait there that send_limit does not know of
  }
  const ReplayQueue& queue = reconnect_->queue;
  const std::size_t reserved = part + ReplayQueue::kLineOverhead;
  const std::size_t room = queue.room();
  if (context_.bridge.settings().framing.mode == config::FramingMode::kRaw) {
    return most_raw_bytes(size, room);
  }
  const std::size_t most = room > reserved ? (room - reserved) / ReplayQueue::kLineOverhead : 0;
  if (queue.empty()) {
    return std::clamp<std::size_t>(most, 1, size);
  }
  if (most < std::min(size, kLeastSlice)) {
    send_confirming_ping();
    return 0;
  }
  return std::min(most, size);
}

// A read is one message: it is cut only when an empty queue is too small for it.
std::size_t Upstream::most_raw_bytes(std::size_t size, std::size_t room) {
  if (size + ReplayQueue::kLineOverhead <= room) {
    return size;
  }
  if (reconnect_->queue.empty()) {
    return room - ReplayQueue::kLineOverhead;
  }
  send_confirming_ping();
  return 0;
}

ws::SendResult Upstream::send(std::string_view text) {
  return socket_ ? keep(socket_->send(text), ws::MessageType::kText, text)
                 : ws::SendResult::kRefused;
}

ws::SendResult Upstream::send_binary(std::span<const std::byte> bytes) {
  return socket_ ? keep(socket_->send_binary(bytes), ws::MessageType::kBinary, as_text(bytes))
                 : ws::SendResult::kRefused;
}

ws::BatchResult Upstream::send_batch(ws::MessageType type,
                                     std::span<const std::string_view> lines) {
  if (!socket_) {
    return {.result = ws::SendResult::kRefused};
  }
  const ws::BatchResult result = socket_->send_batch(type, lines);
  is_full_ = is_full_ || result.is_queued;
  if (reconnect_ && state_ == State::kReady) {
    for (const std::string_view line : lines.first(result.taken)) {
      reconnect_->queue.push_sent(type, line);
    }
  }
  return result;
}

ws::SendResult Upstream::keep(ws::SendResult result, ws::MessageType type, std::string_view line) {
  const bool is_sent = result == ws::SendResult::kSent || result == ws::SendResult::kQueued;
  is_full_ = is_full_ || result == ws::SendResult::kQueued;
  if (is_sent && reconnect_ && state_ == State::kReady) {
    reconnect_->queue.push_sent(type, line);
  }
  return result;
}

void Upstream::pause() {
  if (socket_) {
    socket_->pause();
  }
}

void Upstream::resume() {
  if (is_paused()) {
    socket_->resume();
    if (reconnect_) {
      reconnect_->pings.wait_again(now());
    }
  }
}

bool Upstream::is_paused() const {
  return socket_ && socket_->is_paused();
}

void Upstream::limit_reconnecting(milliseconds limit) {
  if (!reconnect_ || reconnect_->local_limit) {
    return;
  }
  reconnect_->local_limit = limit;
  reconnect_->local_ended_at = now();
  if (state_ == State::kWaiting || state_ == State::kDialling) {
    wait();
  }
}

bool Upstream::close(std::uint16_t code, Delivery delivery) {
  const bool is_connected = state_ == State::kReplaying || state_ == State::kReady;
  const bool has_more = reconnect_ && !reconnect_->queue.empty();
  const bool is_first = delivery == Delivery::kFirst && has_more;
  if (state_ == State::kOver) {
    return false;
  }
  if (!is_connected && state_ != State::kClosing && !is_first) {
    cancel();
    return false;
  }
  delivery_ = delivery;
  if (state_ == State::kClosing) {
    return true;  // with the code that has gone
  }
  close_code_ = code;
  if (state_ == State::kReady || (state_ == State::kReplaying && !is_first)) {
    start_close();
  }
  return true;
}

void Upstream::start_close() {
  state_ = State::kClosing;
  socket_->close(close_code_);
}

void Upstream::cancel() {
  if (dialling_) {
    DialDamper& damper = context_.bridge.damper();
    const bool was_patient = now() - dialling_->began_at >= kDialPatience;
    tell_damped(was_patient ? damper.dial_failed(now()) : damper.dial_cancelled(now()),
                ws::Error{.phase = ws::Phase::kConnect,
                          .code = ws::ErrorCode::kTimeout,
                          .message = "the local program left while it was dialled"});
  }
  finish();
  socket_.reset();
}

// Nothing follows but the callback that tells.
void Upstream::finish() {
  unsent_bytes_ = unsent_bytes();
  state_ = State::kOver;
  if (reconnect_) {
    reconnect_->counters.unconfirmed_lines = reconnect_->queue.line_count();
    reconnect_->queue = ReplayQueue(0);
  }
  dialling_.reset();
  timer_.reset();
}

std::string Upstream::remote_address() const {
  return socket_ ? socket_->remote_address() : std::string();
}

const std::string& Upstream::subprotocol() const {
  static const std::string none;
  return socket_ ? socket_->subprotocol() : none;
}

std::chrono::microseconds Upstream::ping_round_trip() const {
  return socket_ ? socket_->ping_round_trip() : std::chrono::microseconds(0);
}

std::uint64_t Upstream::received_bytes() const {
  return (reconnect_ ? reconnect_->received_before : 0) + (socket_ ? socket_->received_bytes() : 0);
}

std::size_t Upstream::buffered_bytes() const {
  return socket_ ? socket_->buffered_amount() : 0;
}

std::uint64_t Upstream::unsent_bytes() const {
  if (state_ == State::kOver) {
    return unsent_bytes_;
  }
  return reconnect_ ? reconnect_->queue.line_bytes() : buffered_bytes();
}

ws::BufferMemory Upstream::buffer_memory() const {
  ws::BufferMemory memory = socket_ ? socket_->buffer_memory() : ws::BufferMemory{};
  memory.output += reconnect_ ? reconnect_->queue.allocated() : 0;
  return memory;
}

bool Upstream::has_unconfirmed() const {
  return reconnect_ && !reconnect_->queue.empty();
}

UpstreamCounters Upstream::counters() const {
  if (!reconnect_) {
    return {};
  }
  return reconnect_->counters;
}

void Upstream::start_timer(TimePoint when) {
  if (!timer_) {
    timer_ = std::make_unique<ws::Timer>(context_.loop, [this] { handle_timer(); });
  }
  timer_->start(std::max(std::chrono::ceil<milliseconds>(when - now()), milliseconds(0)));
}

void Upstream::handle_timer() {
  if (state_ == State::kWaiting || state_ == State::kDialling) {
    const auto limit = deadline();
    if (limit && *limit <= now()) {
      give_up();
    } else if (state_ == State::kWaiting && attempt_at_ <= now()) {
      begin_dial();
    } else {
      wait();
    }
  } else if (reconnect_ && state_ != State::kOver) {
    reconnect_->is_confirm_armed = false;
    send_confirming_ping();
    confirm_soon();
  }
}

void Upstream::on_drain(ws::WebSocket& /*socket*/) {
  is_full_ = false;
  if (state_ == State::kReplaying) {
    replay();
  } else if (state_ == State::kReady) {
    user_.on_upstream_ready();
  }
}

void Upstream::on_messages(ws::WebSocket& /*socket*/, std::span<const ws::Message> messages) {
  if (reconnect_) {
    reconnect_->message_end = socket_->received_bytes();
    prove();
  }
  user_.on_upstream_messages(messages);
}

void Upstream::on_read_end(ws::WebSocket& /*socket*/) {
  user_.on_upstream_read();
}

void Upstream::on_round_trip(ws::WebSocket& /*socket*/, std::chrono::microseconds time) {
  context_.totals.ping_rtt_seconds.observe(time);
}

void Upstream::on_close(ws::WebSocket& /*socket*/, const ws::CloseInfo& info) {
  // An answer repeats our code, or leaves it out (RFC 6455 section 5.5.1), and its sender has read
  // what went before it. Another code has crossed ours, and says nothing of that.
  const bool is_answer =
      !info.by_peer && (info.code == close_code_ || info.code == ws::kCloseNoStatus);
  last_close_code_ = is_answer ? close_code_ : info.code;
  const UpstreamVerdict verdict = is_answer ? UpstreamVerdict::kEnd : verdict_on_close(info.code);
  if (reconnect_ && is_answer) {
    reconnect_->queue.confirm(reconnect_->queue.sent());
  }
  if (verdict == UpstreamVerdict::kTransient) {
    const ws::Error error{.phase = ws::Phase::kOpen,
                          .code = ws::ErrorCode::kConnectionLost,
                          .message = close_cause(info.code)};
    rest_url(Failover::kRest, error);
    count_partial_message();
    if (may_reconnect()) {
      lose(error);
      return;
    }
  }
  const std::uint64_t kept = reconnect_ ? reconnect_->queue.unsent_line_bytes() : 0;
  const std::uint64_t unsent = buffered_bytes() + kept;
  finish();
  if (verdict == UpstreamVerdict::kEnd) {
    unsent_bytes_ = unsent;  // what has left and is not confirmed, the peer may have had
  }
  user_.on_upstream_close(info);
  socket_.reset();
}

void Upstream::on_error(ws::WebSocket& /*socket*/, const ws::Error& error) {
  if (state_ == State::kDialling) {
    handle_dial_error(error);
    return;
  }
  last_close_code_ = close_code_of(error.code);
  count_partial_message();
  if (verdict_on_error(error) == UpstreamVerdict::kTransient && may_reconnect()) {
    lose(error);
    return;
  }
  finish();
  user_.on_upstream_error(error);
  socket_.reset();
}

}  // namespace wsbridged
