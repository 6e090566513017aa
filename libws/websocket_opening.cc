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
    report_early(plan.error());
    return;
  }
  plan_ = std::move(*plan);
  if (const auto error = dial()) {
    report_early(*error);
  } else {
    timer_.start(plan_->timeout);
  }
}

void Opening::report_early(const Error& error) {
  early_error_ = std::make_unique<const Error>(error);
  timer_.start(std::chrono::milliseconds(0));
}

Opening::~Opening() = default;

std::optional<Error> Opening::dial() {
  const Url& url = plan_->request.url;
  if (url.secure && plan_->route.tls_context == nullptr) {
    auto context = loop_.context().tls_context(plan_->tls);
    if (!context) {
      return context.error();
    }
    plan_->route.tls_context = std::move(*context);
  }
  auto target = route_to(url, plan_->route, environment_variable);
  if (!target) {
    return target.error();
  }
  dialer_ = std::make_unique<net::Dialer>(
      loop_, std::move(*target),
      [this](Result<net::Dialled> result) { dialled(std::move(result)); });
  return std::nullopt;
}

void Opening::dialled(Result<net::Dialled> result) {
  clock_.add(dialer_->times());
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

OpeningTimes Opening::times() const {
  net::PhaseClock clock = clock_;
  if (dialer_ != nullptr) {
    clock.add(dialer_->times());
  }
  return clock.times(loop_.now());
}

void Opening::send_request() {
  clock_.begin(Phase::kHttp, loop_.now());
  protocol::HandshakeRequest request = plan_->request;
  cookie_ = cookie_for(request.url);
  request.cookie = cookie_;
  handshake_ =
      std::make_unique<protocol::ClientHandshake>(std::move(request), loop_.context().random());
  stream_->output().append(handshake_->request_bytes());
  stream_->flush_soon();
}

std::string Opening::cookie_for(const Url& url) const {
  const CookiePlan& cookies = plan_->cookies;
  if (cookies.jar != nullptr) {
    // A file that cannot be read just now leaves the jar as it was, and so it is used; the owner of
    // the jar learns of it from his own refresh().
    (void)cookies.jar->refresh();
  }
  return cookies.source() != nullptr ? cookies.source()->header_for(url, unix_now())
                                     : std::string();
}

void Opening::keep_cookies(const HttpResponse& response) {
  const Url& url = plan_->request.url;
  switch (plan_->cookies.keep) {
    case CookiePlan::Keep::kNot:
      break;
    case CookiePlan::Keep::kInSession:
      plan_->cookies.session->store(url, response, unix_now());
      break;
    case CookiePlan::Keep::kInFile:
      // What cannot be written is in memory all the same, and the jar's problems() tell it.
      (void)plan_->cookies.jar->store_in_file(url, response, unix_now());
      break;
  }
}

void Opening::on_data(std::span<std::byte> bytes) {
  judge(handshake_->receive(bytes));
}

void Opening::on_eof(net::Eof) {
  judge(handshake_->receive_eof());
}

void Opening::on_failure(const Error& error) {
  if (auto answer = last_word()) {
    finish(*std::move(answer));
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
      if (handshake_->is_refused() && is_redirected()) {
        follow_redirect();  // whatever its body says
      }
      break;
    case Progress::kOpen:
      keep_cookies(handshake_->response());
      take_over();
      break;
    case Progress::kFailed:
      refused();
      break;
  }
}

void Opening::refused() {
  if (handshake_->error().code == ErrorCode::kHttpStatus && is_redirected()) {
    follow_redirect();
    return;
  }
  keep_cookies(handshake_->response());
  finish(handshake_->error());
}

bool Opening::is_redirected() const {
  return plan_->redirects.concerns(handshake_->response());
}

void Opening::follow_redirect() {
  const HttpResponse response = handshake_->response();
  keep_cookies(response);
  auto url = plan_->redirects.follow(plan_->request.url, cookie_, response);
  if (!url) {
    finish(url.error());
    return;
  }
  clock_.end(loop_.now());
  handshake_.reset();
  stream_.reset();
  plan_->go_to(std::move(*url));
  if (auto error = dial()) {
    finish(*std::move(error));
  }
}

void Opening::take_over() {
  const auto rest = handshake_->rest();
  protocol::ConnectionSettings settings = plan_->connection;
  settings.deflate = handshake_->deflate();
  finish(Opened{.url = plan_->request.url,
                .stream = std::move(stream_),
                .response = handshake_->response(),
                .subprotocol = handshake_->subprotocol(),
                .settings = settings,
                .rest = std::vector<std::byte>(rest.begin(), rest.end())});
}

void Opening::time_out() {
  if (early_error_) {
    finish(*early_error_);
    return;
  }
  if (auto answer = last_word()) {
    finish(*std::move(answer));
    return;
  }
  const std::string waiting = dialer_ != nullptr
                                  ? dialer_->progress()
                                  : "waiting for the upgrade response of " + remote_address_;
  finish(Error{.phase = dialer_ != nullptr ? dialer_->phase() : Phase::kHttp,
               .code = ErrorCode::kTimeout,
               .message = "timed out after " + to_text(plan_->timeout) + " while " + waiting});
}

// A refusal whose body is slow or cut off is still that refusal.
std::optional<Error> Opening::last_word() {
  if (dialer_ != nullptr) {
    return dialer_->give_up();
  }
  if (!handshake_ || handshake_->give_up() != Progress::kFailed) {
    return std::nullopt;
  }
  keep_cookies(handshake_->response());
  return handshake_->error();
}

void Opening::finish(Result<Opened> result) {
  timer_.stop();
  if (dialer_ != nullptr) {
    clock_.add(dialer_->times());
    dialer_.reset();
  }
  clock_.end(loop_.now());
  const Callback on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

}  // namespace ws
