// SPDX-License-Identifier: MIT
// Getting to an open WebSocket: turns, URLs, credentials.
#include <utility>

#include "daemon/advice.h"
#include "daemon/unix_time.h"
#include "daemon/upstream.h"
#include "daemon/upstream_state.h"
#include "daemon/upstream_verdict.h"

namespace wsbridged {

using std::chrono::milliseconds;

void Upstream::begin_dial() {
  const milliseconds turn = context_.bridge.damper().ask(now());
  if (turn.count() > 0) {
    state_ = State::kWaiting;
    attempt_at_ = now() + turn;
    wait();
    return;
  }
  state_ = State::kDialling;
  dialling_ = std::make_unique<Dialling>();
  dialling_->order = context_.bridge.failover().order(now());
  dialling_->began_at = now();
  wait();
  try_url();
}

void Upstream::try_url() {
  url_ = dialling_->order[dialling_->next];
  DialTarget target = user_.dial_target(url_);
  dialling_->credentials = Credentials(target, unix_now());
  target.options.handler = this;
  socket_.emplace(context_.loop, target.url, std::move(target.options));
}

void Upstream::handle_dial_error(const ws::Error& error) {
  Dialling& dialling = *dialling_;
  context_.totals.count_failed_dial(error);
  if (retries_with_new_credentials(error)) {
    try_url();
    return;
  }
  const milliseconds asked = retry_after(error, std::chrono::system_clock::now());
  dialling.retry_after = std::min(dialling.retry_after.value_or(asked), asked);
  dialling.is_hopeful =
      dialling.is_hopeful || verdict_on_error(error) == UpstreamVerdict::kTransient;
  rest_url(std::max(asked, Failover::kRest), error);
  if (++dialling.next < dialling.order.size()) {
    try_url();
  } else {
    end_dial(error);
  }
}

// A file may have been renewed between our reading it and the server's answer.
bool Upstream::retries_with_new_credentials(const ws::Error& error) {
  if (!refuses_credentials(error) || dialling_->has_retried_credentials ||
      dialling_->credentials == Credentials(user_.dial_target(url_), unix_now())) {
    return false;
  }
  dialling_->has_retried_credentials = true;
  context_.log.info(
      "credentials have changed, dialling again at once",
      {{"bridge", context_.name.bridge}, {"session", context_.name.id}, {"cause", error.message}});
  return true;
}

void Upstream::rest_url(milliseconds rest, const ws::Error& error) {
  if (context_.bridge.url_count() < 2 || !context_.bridge.failover().failed(url_, now(), rest)) {
    return;
  }
  context_.log.warn("upstream rests, the others are tried before it",
                    {{"bridge", context_.name.bridge},
                     {"upstream", context_.bridge.upstream_name(url_)},
                     {"cause", error.message},
                     {"rest_ms", std::int64_t{rest.count()}}});
  remember("upstream " + context_.bridge.upstream_name(url_) +
               " rests, the others are tried before it: " + error.message,
           error);
}

// No URL has opened.
void Upstream::end_dial(const ws::Error& error) {
  tell_damper_failure(error);
  const bool is_hopeful = dialling_->is_hopeful;
  const milliseconds asked = dialling_->retry_after.value_or(milliseconds(0));
  if (is_hopeful && may_reconnect()) {
    dialling_.reset();
    plan_attempt(error, asked);
    return;
  }
  finish();
  user_.on_upstream_error(error);
  socket_.reset();
}

void Upstream::tell_damper_failure(const ws::Error& error) {
  tell_damped(context_.bridge.damper().dial_failed(now()), error);
}

void Upstream::tell_damped(DialDamper::Change change, const ws::Error& error) {
  if (change == DialDamper::Change::kDamped) {
    context_.log.warn("dials fail in a row, further ones wait for turns",
                      {{"bridge", context_.name.bridge},
                       {"cause", error.message},
                       {"advice", advice_for(error)}});
  }
}

void Upstream::on_open(ws::WebSocket& /*socket*/) {
  if (context_.bridge.damper().dial_succeeded() == DialDamper::Change::kFree) {
    context_.log.info("dials succeed again", {{"bridge", context_.name.bridge}});
  }
  if (context_.bridge.failover().succeeded(url_)) {
    context_.log.info("upstream works again", {{"bridge", context_.name.bridge},
                                               {"upstream", context_.bridge.upstream_name(url_)}});
  }
  context_.totals.count_open(socket_->opening_times(), socket_->tls_info(), unix_now());
  socket_->forget_opening();
  dialling_.reset();
  if (timer_) {
    timer_->stop();
  }
  state_ = State::kReplaying;
  is_full_ = false;
  const bool is_first = !std::exchange(was_open_, true);
  if (reconnect_) {
    reconnect_->opened_at = now();
    reconnect_->outage_so_far = now() - reconnect_->outage_since;
    reconnect_->is_proved = false;
    reconnect_->message_end = 0;
    reconnect_->counters.reconnects += is_first ? 0 : 1;
  }
  user_.on_upstream_open(is_first ? UpstreamUser::Opened::kFirst : UpstreamUser::Opened::kAgain);
  replay();
}

}  // namespace wsbridged
