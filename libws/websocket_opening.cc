// SPDX-License-Identifier: MIT
// The steps of an opening. Parsing and judging belong to protocol::ClientHandshake.
#include "websocket_opening.h"

#include <chrono>
#include <utility>

#include "net/loop_context.h"

namespace ws {
namespace {

using Progress = protocol::ClientHandshake::Progress;

std::int64_t unix_now() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

}  // namespace

Opening::Opening(EventLoop& loop, Result<OpeningPlan> plan, Callback on_done)
    : loop_(loop), on_done_(std::move(on_done)), timer_(loop, [this] { time_out(); }) {
  if (!plan) {
    early_error_ = plan.error();
  } else {
    plan_ = std::move(*plan);
    dial();
  }
  timer_.start(early_error_ ? std::chrono::milliseconds(0) : plan_->timeout);
}

Opening::~Opening() = default;

void Opening::dial() {
  net::DialTarget target = plan_->target;
  if (target.secure && target.tls_context == nullptr) {
    auto context = loop_.context().tls_context(plan_->tls);
    if (!context) {
      early_error_ = context.error();
      return;
    }
    target.tls_context = std::move(*context);
  }
  dialer_ = std::make_unique<net::Dialer>(
      loop_, std::move(target),
      [this](Result<net::Dialled> result) { dialled(std::move(result)); });
}

void Opening::dialled(Result<net::Dialled> result) {
  dialer_.reset();
  if (!result) {
    finish(result.error());
    return;
  }
  remote_address_ = std::move(result->remote_address);
  stream_ = std::move(result->stream);
  stream_->set_handler(this);
  send_request();
  stream_->resume_reading();
}

void Opening::send_request() {
  protocol::HandshakeRequest request = std::move(plan_->request);
  request.cookie = cookie_for(request.url);
  handshake_.emplace(std::move(request), loop_.context().random());
  stream_->output().append(handshake_->request_bytes());
  stream_->flush_soon();
}

std::string Opening::cookie_for(const Url& url) const {
  if (plan_->cookie_jar == nullptr) {
    return {};
  }
  // A file that cannot be read just now leaves the jar as it was, and so it is used; the owner of
  // the jar learns of it from his own refresh().
  (void)plan_->cookie_jar->refresh();
  return plan_->cookie_jar->header_for(url, unix_now());
}

void Opening::on_data(std::span<std::byte> bytes) {
  judge(handshake_->receive(bytes));
}

void Opening::on_eof(net::Eof) {
  judge(handshake_->receive_eof());
}

void Opening::on_failure(const Error& error) {
  // A refusal whose body is cut off is still that refusal.
  if (handshake_->give_up() == Progress::kFailed) {
    judge(Progress::kFailed);
    return;
  }
  finish(Error{
      .phase = Phase::kHttp,
      .code = ErrorCode::kConnectionLost,
      .message = "waiting for the upgrade response of " + remote_address_ + ": " + error.message,
      .system_errno = error.system_errno});
}

void Opening::judge(Progress progress) {
  switch (progress) {
    case Progress::kNeedMore:
      break;
    case Progress::kOpen:
      take_over();
      break;
    case Progress::kFailed:
      finish(handshake_->error());
      break;
  }
}

void Opening::take_over() {
  const auto rest = handshake_->rest();
  finish(Opened{.stream = std::move(stream_),
                .response = handshake_->response(),
                .subprotocol = handshake_->subprotocol(),
                .deflate = handshake_->deflate(),
                .rest = std::vector<std::byte>(rest.begin(), rest.end())});
}

void Opening::time_out() {
  if (early_error_) {
    finish(std::move(*early_error_));
    return;
  }
  // The body of a refusal may be slow; its status is the better answer.
  if (handshake_ && handshake_->give_up() == Progress::kFailed) {
    judge(Progress::kFailed);
    return;
  }
  const std::string waiting = dialer_ != nullptr
                                  ? dialer_->progress()
                                  : "waiting for the upgrade response of " + remote_address_;
  finish(Error{.phase = dialer_ != nullptr ? dialer_->phase() : Phase::kHttp,
               .code = ErrorCode::kTimeout,
               .message = "timed out after " + to_text(plan_->timeout) + " while " + waiting});
}

void Opening::finish(Result<Opened> result) {
  timer_.stop();
  dialer_.reset();
  const Callback on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

}  // namespace ws
