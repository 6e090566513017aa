// SPDX-License-Identifier: MIT
// The ends of a connection and its deadlines. Parsing and sending have files of their own.
#include "protocol/connection.h"

#include <utility>

#include "protocol/close_frame.h"
#include "protocol/utf8.h"

namespace ws::protocol {

Connection::Connection(const ConnectionSettings& settings, RandomSource& random, ByteQueue& output,
                       TimePoint now)
    : settings_(settings),
      random_(random),
      output_(output),
      assembler_({.max_message = settings.max_message,
                  .max_frame = settings.max_frame,
                  .max_empty_fragments = settings.max_empty_fragments}),
      sent_(output.size()),
      keepalive_(settings.ping_interval, settings.ping_timeout, now),
      now_(now) {}

void Connection::receive_eof() {
  if (state_ > ConnectionState::kClosing) {
    return;
  }
  if (kept_.empty() && !must_inflate_) {
    fail_with_eof();
  } else {
    is_eof_kept_ = true;  // what was received before it comes first
  }
}

void Connection::fail_with_eof() {
  const bool is_cut = is_in_payload_ || split_header_size_ > 0 || assembler_.is_under_way();
  set_failure(ErrorCode::kConnectionLost, is_cut ? "the connection ended in the middle of a message"
                                                 : "the connection ended without a Close frame");
}

void Connection::close(std::uint16_t code, std::string_view reason, TimePoint now) {
  if (state_ != ConnectionState::kOpen) {
    return;
  }
  send_close(is_valid_close_code(code) ? code : std::uint16_t{kCloseNormal},
             utf8_prefix(reason, kMaxCloseReason));
  state_ = ConnectionState::kClosing;
  close_deadline_ = now + clamp_wait(settings_.close_timeout);
}

std::size_t Connection::input_held() const {
  return kept_.capacity() + assembler_.allocated();
}

std::size_t Connection::memory_held() const {
  return input_held() + (inflater_ != nullptr ? inflater_->allocated() : 0) +
         (deflater_ != nullptr ? deflater_->allocated() : 0) +
         (outgoing_ != nullptr ? outgoing_->waiting.capacity() : 0);
}

void Connection::stop() {
  state_ = ConnectionState::kStopped;
}

// Section 7.1.7. Close goes out once: when ours has gone already, input is merely discarded.
void Connection::fail(const Failure& failure) {
  if (state_ == ConnectionState::kOpen) {
    send_close(failure.close_code, failure.rule);
  }
  std::string message = "the peer broke the protocol: ";
  if (failure.code != ErrorCode::kProtocolViolation) {
    message = "the peer's message was refused: ";
  }
  set_failure(failure.code, message.append(failure.rule).append(failure.numbers));
}

void Connection::set_failure(ErrorCode code, std::string message) {
  state_ = ConnectionState::kFailing;
  failure_ = std::make_unique<const Error>(
      Error{.phase = Phase::kOpen, .code = code, .message = std::move(message)});
}

std::optional<TimePoint> Connection::deadline() const {
  if (paused_) {
    return std::nullopt;  // what is waited for may be there already
  }
  if (state_ == ConnectionState::kClosing) {
    return close_deadline_;
  }
  if (state_ == ConnectionState::kOpen) {
    return keepalive_.deadline();
  }
  return std::nullopt;
}

void Connection::handle_deadline(TimePoint now) {
  const auto due = deadline();
  if (!due || now < *due) {
    return;
  }
  now_ = now;
  send_held_pong();
  if (state_ == ConnectionState::kClosing) {
    set_failure(ErrorCode::kTimeout, "the peer did not answer our Close frame in time");
    return;
  }
  if (keepalive_.action_at(now) == Keepalive::Action::kGiveUp) {
    // Best effort: whoever still listens learns why (section 7.4.1).
    send_close(kCloseInternalError, "keepalive ping timeout");
    set_failure(ErrorCode::kPingTimeout, "nothing was received after a keepalive ping");
    return;
  }
  send_keepalive_ping();
}

void Connection::pause(TimePoint now) {
  now_ = now;
  paused_ = true;
}

}  // namespace ws::protocol
