// SPDX-License-Identifier: MIT
// Losing the connection, waiting for the next, and sending again what is not confirmed.
#include <algorithm>
#include <utility>

#include "daemon/advice.h"
#include "daemon/upstream.h"
#include "daemon/upstream_state.h"

namespace wsbridged {

using std::chrono::milliseconds;

namespace {

// While a ping is unanswered the keepalive may have sent another, and that one may be the only one
// that gets an answer (RFC 6455 section 5.5.3): by now it would have, or the connection is lost.
milliseconds repeat_after(const config::Upstream& upstream) {
  constexpr milliseconds kWithoutKeepalive{45'000};
  return upstream.ping_interval.count() == 0 ? kWithoutKeepalive
                                             : upstream.ping_interval + upstream.ping_timeout;
}

// What is kept of an error until the outage is over.
ws::Error without_response(const ws::Error& error) {
  return ws::Error{.phase = error.phase,
                   .code = error.code,
                   .message = error.message,
                   .system_errno = error.system_errno};
}

}  // namespace

Upstream::Reconnect::Reconnect(const config::Bridge& bridge)
    : settings(bridge.reconnect),
      queue(settings.replay),
      pings(repeat_after(bridge.upstream)),
      backoff(settings.initial, settings.max),
      random(std::random_device{}()) {}

// An upstream that we are closing comes back only to take what it has not confirmed.
bool Upstream::may_reconnect() const {
  return reconnect_ &&
         (close_code_ == 0 || (delivery_ == Delivery::kFirst && !reconnect_->queue.empty()));
}

void Upstream::lose(const ws::Error& error) {
  reconnect_->received_before += socket_->received_bytes();
  reconnect_->queue.rewind();
  reconnect_->pings.forget();
  reconnect_->is_confirm_armed = false;
  is_full_ = false;
  plan_attempt(error, milliseconds(0));
}

void Upstream::plan_attempt(const ws::Error& error, milliseconds at_least) {
  Reconnect& reconnect = *reconnect_;
  const bool is_told = reconnect.last_error.has_value();
  if (!reconnect.outage_since) {
    reconnect.outage_since = now();
  }
  reconnect.lost_at = is_told ? reconnect.lost_at : now();
  reconnect.last_error = without_response(error);
  const double uniform = std::uniform_real_distribution<double>(0, 1)(reconnect.random);
  const milliseconds delay = std::max(reconnect.backoff.next(uniform), at_least);
  // One entry for each outage: a server that stays away for days shall not fill the log.
  context_.log.write(
      is_told ? Log::Level::kDebug : Log::Level::kWarn,
      was_open_ ? "upstream lost, dialling again" : "upstream not reached, dialling again",
      {{"bridge", context_.name.bridge},
       {"session", context_.name.id},
       {"peer", context_.name.peer},
       {"upstream", context_.bridge.upstream_name(url_)},
       {"cause", error.message},
       {"advice", advice_for(error)},
       {"unconfirmed_lines", reconnect.queue.line_count()},
       {"wait_ms", std::int64_t{delay.count()}}});
  socket_.reset();
  state_ = State::kWaiting;
  attempt_at_ = now() + delay;
  wait();
}

// For the next attempt, or while dialling for its result, but not beyond the deadline.
void Upstream::wait() {
  const auto limit = deadline();
  if (state_ == State::kWaiting) {
    start_timer(limit ? std::min(*limit, attempt_at_) : attempt_at_);
  } else if (limit) {
    start_timer(*limit);
  }
}

// Without reconnecting only a turn is waited for, and no longer than a connection would be.
std::optional<Upstream::TimePoint> Upstream::deadline() const {
  if (!reconnect_) {
    const TimePoint end = dialled_at_ + context_.bridge.settings().upstream.connect_timeout;
    return state_ == State::kWaiting ? std::optional(end) : std::nullopt;
  }
  const TimePoint since = reconnect_->outage_since.value_or(now());
  std::optional<TimePoint> limit;
  if (reconnect_->settings.max_elapsed.count() > 0) {
    limit = since + reconnect_->settings.max_elapsed;
  }
  if (reconnect_->local_limit) {
    const TimePoint end = std::max(since, reconnect_->local_ended_at) + *reconnect_->local_limit;
    limit = limit ? std::min(*limit, end) : end;
  }
  return limit;
}

void Upstream::give_up() {
  ws::Error error{.phase = ws::Phase::kConnect,
                  .code = ws::ErrorCode::kTimeout,
                  .message = "the last dials of this bridge failed, and no turn came in time"};
  if (reconnect_ && reconnect_->last_error) {
    error = *reconnect_->last_error;
    error.message += "; gave up dialling again";
  } else if (state_ == State::kDialling) {
    error.message = "gave up dialling";
  }
  finish();
  user_.on_upstream_error(error);
  socket_.reset();
}

// As much as fits into the connection's queue; handle_drain() goes on.
void Upstream::replay() {
  while (reconnect_ && state_ == State::kReplaying && !is_full_) {
    const auto line = reconnect_->queue.unsent();
    if (!line) {
      break;
    }
    const bool is_text = line->type == ws::MessageType::kText;
    const ws::SendResult result = is_text
                                      ? socket_->send(line->data)
                                      : socket_->send_binary(std::as_bytes(std::span(line->data)));
    if (result == ws::SendResult::kRefused) {
      return;  // the connection is ending, and will tell
    }
    is_full_ = result == ws::SendResult::kQueued;
    reconnect_->queue.advance();
    ++reconnect_->counters.replayed_lines;
  }
  confirm_soon();
  if (state_ == State::kReplaying && (!reconnect_ || !reconnect_->queue.unsent())) {
    become_ready();
  }
}

void Upstream::become_ready() {
  if (reconnect_ && reconnect_->last_error) {
    const auto outage = now() - reconnect_->lost_at;
    context_.log.info(
        "upstream is back",
        {{"bridge", context_.name.bridge},
         {"session", context_.name.id},
         {"peer", context_.name.peer},
         {"upstream", context_.bridge.upstream_name(url_)},
         {"address", remote_address()},
         {"outage_ms", std::int64_t{std::chrono::duration_cast<milliseconds>(outage).count()}},
         {"replayed_lines", reconnect_->queue.line_count()}});
    reconnect_->last_error.reset();
  }
  state_ = State::kReady;
  if (close_code_ != 0) {
    start_close();
  } else {
    user_.on_upstream_ready();
  }
}

void Upstream::confirm_soon() {
  if (!reconnect_ || !socket_ || reconnect_->queue.sent_size() == 0) {
    return;
  }
  if (!reconnect_->pings.is_outstanding() &&
      reconnect_->queue.sent_size() >= reconnect_->settings.replay / 4) {
    send_confirming_ping();
  }
  if (!std::exchange(reconnect_->is_confirm_armed, true)) {
    start_timer(now() + reconnect_->settings.confirm_interval);
  }
}

// One at a time, and only when something is unconfirmed: some servers close a connection that pings
// them too often.
void Upstream::send_confirming_ping() {
  ConfirmingPings& pings = reconnect_->pings;
  if (!pings.is_outstanding()) {
    if (reconnect_->queue.sent_size() > 0) {
      (void)socket_->ping(pings.start(reconnect_->queue.sent(), now()));
    }
  } else if (pings.is_overdue(now()) && !socket_->is_paused()) {
    (void)socket_->ping(pings.repeat(now()));
  }
}

void Upstream::handle_pong(std::string_view payload) {
  const auto mark = reconnect_->pings.take_pong(payload);
  if (!mark) {
    return;
  }
  reconnect_->queue.confirm(*mark);
  prove();
  confirm_soon();
  if (state_ == State::kReady) {
    user_.on_upstream_ready();
  }
}

// The server works: what comes next is another outage.
void Upstream::prove() {
  if (!std::exchange(reconnect_->is_proved, true)) {
    reconnect_->backoff.reset();
    reconnect_->outage_since.reset();
  }
}

// Of which the peer would have sent more.
void Upstream::count_partial_message() {
  if (reconnect_ && socket_->received_bytes() > reconnect_->message_end) {
    ++reconnect_->counters.partial_messages;
  }
}

}  // namespace wsbridged
