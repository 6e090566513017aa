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

constexpr milliseconds kWithoutKeepalive{45'000};

// While a ping is unanswered the keepalive may have sent another, and that one may be the only one
// that gets an answer (RFC 6455 section 5.5.3): by now it would have, or the connection is lost.
milliseconds repeat_after(const config::Upstream& upstream) {
  return upstream.ping_interval.count() == 0 ? kWithoutKeepalive
                                             : upstream.ping_interval + upstream.ping_timeout;
}

// Of a peer's phrase no more is ever shown.
constexpr std::size_t kMaxReason = 256;

// What is kept of an error until the outage is over: of a response, what tells people and advice.
ws::Error without_body(const ws::Error& error) {
  ws::Error kept{.phase = error.phase,
                 .code = error.code,
                 .message = error.message,
                 .system_errno = error.system_errno};
  if (error.response) {
    ws::HttpResponse& response = kept.response.emplace();
    response.status = error.response->status;
    response.reason = error.response->reason.substr(0, kMaxReason);
  }
  return kept;
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

// An outage goes on when a connection opens and is lost again before it has proved anything; the
// time in which it was open is no part of it. But once the local side has ended it is: a server
// that opens and says nothing must not hold the session for ever.
void Upstream::lose(const ws::Error& error) {
  const bool is_ending = reconnect_->local_limit.has_value();
  if (!is_ending && now() - reconnect_->opened_at >= reconnect_->settings.max) {
    prove();  // a server that says nothing for so long works, too
  }
  if (!is_ending || reconnect_->is_proved) {
    reconnect_->outage_since = now() - reconnect_->outage_so_far;
  }
  reconnect_->received_before += socket_->received_bytes();
  reconnect_->queue.rewind();
  reconnect_->pings.forget();
  reconnect_->is_confirm_armed = false;
  is_full_ = false;
  plan_attempt(error, milliseconds(0));
  user_.on_upstream_lost();
}

void Upstream::plan_attempt(const ws::Error& error, milliseconds at_least) {
  Reconnect& reconnect = *reconnect_;
  const bool is_told = reconnect.last_error.has_value();
  reconnect.lost_at = is_told ? reconnect.lost_at : now();
  reconnect.last_error = without_body(error);
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
       Field::peer_text("answer_reason", error.response ? error.response->reason : ""),
       {"advice", advice_for(error)},
       {"unconfirmed_lines", reconnect.queue.line_count()},
       {"wait_ms", std::int64_t{delay.count()}}});
  remember(error.message, error);
  socket_.reset();
  state_ = State::kWaiting;
  attempt_at_ = now() + delay;
  wait();
}

// For the status page, which has each cause once, with the number of attempts.
void Upstream::remember(std::string cause, const ws::Error& error) {
  context_.errors.add({.time = std::chrono::system_clock::now(),
                       .bridge = context_.name.bridge,
                       .session = context_.name.id,
                       .cause = std::move(cause),
                       .advice = advice_for(error),
                       .peer_text = error.response ? error.response->reason : std::string()});
}

bool Upstream::is_reconnecting() const {
  return reconnect_ && reconnect_->last_error && !is_connected() && !is_over();
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
  std::optional<TimePoint> limit = local_deadline();
  if (reconnect_->settings.max_elapsed.count() > 0) {
    const TimePoint end = reconnect_->outage_since + reconnect_->settings.max_elapsed;
    limit = limit ? std::min(*limit, end) : end;
  }
  return limit;
}

std::optional<Upstream::TimePoint> Upstream::local_deadline() const {
  if (!reconnect_->local_limit) {
    return std::nullopt;
  }
  return std::max(reconnect_->outage_since, reconnect_->local_ended_at) + *reconnect_->local_limit;
}

void Upstream::give_up() {
  ws::Error error{.phase = ws::Phase::kConnect,
                  .code = ws::ErrorCode::kTimeout,
                  .message = "the last dials of this bridge failed, and no turn came in time"};
  if (reconnect_) {
    const auto end = local_deadline();
    error = reconnect_->last_error.value_or(error);
    error.message += end && *end <= now() ? "; gave up drain_timeout after the local end"
                                          : "; gave up after max_elapsed";
  }
  finish();
  user_.on_upstream_error(error);
  socket_.reset();
}

// As much as fits into the connection's queue; on_drain() goes on.
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
    tell_silence();
  }
}

// Of a server that is alive and does not answer pings nothing gets confirmed.
void Upstream::tell_silence() {
  static constexpr const char* kCause =
      "server does not answer a ping, what was sent stays unconfirmed";
  static constexpr const char* kAdvice =
      "RFC 6455 demands a pong: without one the local side stops when reconnect.replay is full";
  if (std::exchange(reconnect_->is_silence_told, true)) {
    return;
  }
  context_.log.warn(kCause, {{"bridge", context_.name.bridge},
                             {"session", context_.name.id},
                             {"upstream", context_.bridge.upstream_name(url_)},
                             {"unconfirmed_lines", reconnect_->queue.line_count()},
                             {"advice", std::string(kAdvice)}});
  context_.errors.add({.time = std::chrono::system_clock::now(),
                       .bridge = context_.name.bridge,
                       .session = context_.name.id,
                       .cause = kCause,
                       .advice = kAdvice});
}

void Upstream::on_pong(ws::WebSocket& /*socket*/, std::string_view payload) {
  if (!reconnect_) {
    return;
  }
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
    reconnect_->outage_so_far = {};
  }
}

// Of which the peer would have sent more.
void Upstream::count_partial_message() {
  if (reconnect_ && socket_->received_bytes() > reconnect_->message_end) {
    ++reconnect_->counters.partial_messages;
  }
}

}  // namespace wsbridged
