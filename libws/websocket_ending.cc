// SPDX-License-Identifier: MIT
// The ways a WebSocket ends, and the one callback that tells.
#include <algorithm>
#include <chrono>
#include <utility>

#include "net/loop_context.h"
#include "websocket_call.h"
#include "websocket_impl.h"

namespace ws {
namespace {

using std::chrono::milliseconds;

// How often a queue that must go out is looked at: nothing tells that it stands still.
constexpr milliseconds kBacklogLook{1'000};

Error lost(std::string message, int system_errno) {
  return Error{.phase = Phase::kOpen,
               .code = ErrorCode::kConnectionLost,
               .message = std::move(message),
               .system_errno = system_errno};
}

}  // namespace

void WebSocket::Impl::dispose(std::unique_ptr<Impl> impl) {
  Impl& disposed = *impl;
  disposed.owner_ = nullptr;
  disposed.stage_ = Stage::kEnded;
  disposed.detach_writer();
  if (disposed.visit_ == nullptr) {
    return;
  }
  disposed.visit_->adopt(std::move(impl));
  disposed.timer_.stop();
  disposed.opening_.reset();
  if (disposed.connection_) {
    disposed.connection_->stop();
  }
  disposed.stream_.reset();
}

void WebSocket::Impl::abort() {
  if (stage_ == Stage::kEnded) {
    return;
  }
  owner_ = nullptr;
  stage_ = Stage::kEnded;
  timer_.stop();
  opening_.reset();
  if (connection_) {
    connection_->stop();
  }
  if (stream_ != nullptr) {
    stream_->abort();
    stream_.reset();
  }
}

void WebSocket::Impl::close(std::uint16_t code, std::string_view reason) {
  if (stage_ == Stage::kOpening) {
    abort();
    return;
  }
  if (stage_ == Stage::kEnded) {
    return;
  }
  if (connection_->state() != protocol::ConnectionState::kOpen) {
    return;
  }
  connection_->close(code, reason, now());
  await_close();
}

// Our Close frame is queued.
void WebSocket::Impl::await_close() {
  flush();
  backlog_ = stream_->output().size();
  backlog_moved_at_ = now();
  stream_->notify_when_sent();
  arm_timer();
}

void WebSocket::Impl::on_sent() {
  const Visit visit(*this);
  if (stage_ == Stage::kFlushing) {
    tell_end();
  } else if (connection_->state() == protocol::ConnectionState::kOpen) {
    connection_->output_drained();
    settle();
  } else {
    close_sent_at_ = now();
  }
}

// The connection counts from close(), but our Close may still be queued behind messages, which a
// slow peer is free to take slowly: its answer is due close_timeout after the Close has gone, and
// until then only a standstill counts.
std::optional<milliseconds> WebSocket::Impl::close_time_left() {
  if (connection_->state() != protocol::ConnectionState::kClosing) {
    return std::nullopt;
  }
  if (!close_sent_at_) {
    return flush_time_left(flush_timeout_);
  }
  const auto left = *close_sent_at_ + close_timeout() - now();
  return left.count() > 0 ? std::optional(std::chrono::ceil<milliseconds>(left)) : std::nullopt;
}

// How long to wait before the queue is looked at again; nothing when it stood still for `limit`.
std::optional<milliseconds> WebSocket::Impl::flush_time_left(milliseconds limit) {
  const std::size_t backlog = stream_->output().size();
  if (backlog < std::exchange(backlog_, backlog)) {
    backlog_moved_at_ = now();
  }
  const auto left = std::chrono::ceil<milliseconds>(backlog_moved_at_ + limit - now());
  return left.count() > 0 ? std::optional(std::min(left, kBacklogLook)) : std::nullopt;
}

// The stream tells neither of these ends while it is paused: what was received comes first.
void WebSocket::Impl::on_eof(net::Eof eof) {
  const Visit visit(*this);
  if (stage_ != Stage::kOpen) {
    return;  // it may still read what is being flushed
  }
  if (eof == net::Eof::kTruncated) {
    finish_error(lost("the connection was cut off: TLS ended without close_notify", 0));
    return;
  }
  connection_->receive_eof();
  settle();
}

void WebSocket::Impl::on_failure(const Error& error) {
  const Visit visit(*this);
  lost_output_ = stream_->output().size();
  const Error reason = lost(error.message, error.system_errno);
  stream_.reset();  // nothing can be sent on it any more
  if (stage_ == Stage::kFlushing) {
    tell_end();
  } else {
    finish_error(reason);
  }
}

void WebSocket::Impl::on_hang_up() {
  hung_up_ = true;
}

void WebSocket::Impl::settle() {
  if (stage_ != Stage::kOpen) {
    return;
  }
  flush();
  if (thrown_ != nullptr) {
    finish_error(Error{.phase = Phase::kOpen,
                       .code = ErrorCode::kCallbackThrew,
                       .message = "a callback threw an exception",
                       .cause = thrown_});
  } else if (connection_->failure()) {
    finish_error(*connection_->failure());
  } else if (connection_->state() == protocol::ConnectionState::kClosed) {
    finish_close();
  }
}

void WebSocket::Impl::flush() {
  if (!stream_->output().empty()) {
    stream_->flush_soon();
  }
  // Pongs alone never reach high water, so on_drained() would not tell when there is room for one.
  if (connection_->is_pong_held() && connection_->state() == protocol::ConnectionState::kOpen) {
    stream_->notify_when_sent();
  }
}

void WebSocket::Impl::finish_close() {
  finish({.error = std::nullopt, .close = connection_->close_info()}, /*may_send=*/true);
}

void WebSocket::Impl::finish_error(const Error& error) {
  const bool may_send = error.code != ErrorCode::kConnectionLost &&
                        error.code != ErrorCode::kTimeout && error.code != ErrorCode::kPingTimeout;
  finish({.error = error, .close = {}}, may_send);
}

// What is queued, our Close last, goes out before the end is told: then buffered_amount() tells
// what could not be sent. A peer that has left, or that stands still, is not waited for.
void WebSocket::Impl::finish(End end, bool may_send) {
  timer_.stop();
  connection_->stop();
  end_ = std::make_unique<End>(std::move(end));
  if (stream_ == nullptr || stream_->output().empty() || !may_send) {
    tell_end();
    return;
  }
  stage_ = Stage::kFlushing;
  backlog_ = stream_->output().size();
  backlog_moved_at_ = now();
  stream_->notify_when_sent();
  stream_->shutdown_write();
  stream_->resume_reading();
  timer_.start(std::min(kBacklogLook, close_timeout()));
}

void WebSocket::Impl::handle_flush_timer() {
  if (const auto left = flush_time_left(close_timeout())) {
    timer_.start(*left);
  } else {
    tell_end();
  }
}

// Nobody waits for the peer's end of TCP but the loop.
void WebSocket::Impl::tell_end() {
  stage_ = Stage::kEnded;
  timer_.stop();
  if (stream_ != nullptr) {
    lost_output_ = stream_->output().size();
    net::close_gracefully(loop_, std::move(stream_), close_timeout());
  }
  const std::unique_ptr<End> end = std::move(end_);
  if (end->error) {
    report(*end->error);
  } else {
    call(callback::kClose, end->close);
  }
}

void WebSocket::Impl::report(const Error& error) {
  if (call(callback::kError, error) || owner_ == nullptr) {
    return;
  }
  loop_.context().keep_exception(
      error.cause != nullptr ? error.cause : std::make_exception_ptr(Exception(error)));
}

void WebSocket::Impl::callback_threw() noexcept {
  if (owner_ == nullptr || stage_ != Stage::kOpen || thrown_ != nullptr) {
    loop_.context().keep_exception(std::current_exception());  // nobody is left to be told
    return;
  }
  thrown_ = std::current_exception();
  connection_->close(kCloseInternalError, {}, now());
  connection_->stop();
}

}  // namespace ws
