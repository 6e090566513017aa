// SPDX-License-Identifier: MIT
// A session seen from outside: its place in the metrics, on the status page, in `ctl`.
#include <algorithm>
#include <utility>

#include "daemon/session.h"

namespace wsbridged {

using std::chrono::duration_cast;

std::string_view Session::state() const {
  if (upstream_.is_over()) {
    return "ending";
  }
  if (is_closing_) {
    return "closing";
  }
  if (was_open_ || upstream_.is_reconnecting()) {
    return upstream_.is_connected() ? "open" : "reconnecting";
  }
  return upstream_.is_dialling() ? "connecting" : "waiting";
}

std::size_t Session::buffered_bytes_up() const {
  return held_.size() + framer_.held_bytes() + upstream_.buffered_bytes();
}

std::size_t Session::buffered_bytes_down() const {
  if (local_) {
    return local_->output().size();
  }
  return local_ending_ ? local_ending_->unsent_bytes() : 0;
}

std::uint64_t Session::unconfirmed_bytes() const {
  return settings().reconnect.enabled && !upstream_.is_over() ? upstream_.unsent_bytes() : 0;
}

SessionView Session::view() const {
  SessionView view{
      .id = name_.id,
      .bridge = name_.bridge,
      .peer = name_.peer,
      .state = state(),
      .age = duration_cast<std::chrono::milliseconds>(environment_.loop.now() - started_),
      .up = up_,
      .down = down_,
      .buffered_bytes_up = buffered_bytes_up(),
      .buffered_bytes_down = buffered_bytes_down()};
  view.upstream = upstream_url();
  view.address = upstream_.remote_address();
  view.subprotocol = upstream_.subprotocol();
  view.ping_rtt = upstream_.ping_round_trip();
  view.reconnecting = upstream_.counters();
  view.unconfirmed_bytes = unconfirmed_bytes();
  return view;
}

void Session::add_to(BridgeTotals& totals) const {
  ++totals.sessions;
  totals.count_lines(up_, down_);
  totals.count_upstream(upstream_.counters());
  totals.unconfirmed_bytes += unconfirmed_bytes();
  totals.up.buffered_bytes += buffered_bytes_up();
  totals.down.buffered_bytes += buffered_bytes_down();
}

void Session::remember_error() const {
  const SessionEnd end = report_->end.value_or(SessionEnd{});
  if (end.is_error || report_->has_lost_bytes()) {
    environment_.errors.add({.time = std::chrono::system_clock::now(),
                             .bridge = name_.bridge,
                             .session = name_.id,
                             .cause = end.cause,
                             .advice = end.advice,
                             .peer_text = report_->close_reason.empty() ? report_->answer_reason
                                                                        : report_->close_reason});
  }
}

void Session::kill() {
  if (is_closing_) {
    abort();
  } else {
    close_in_time(ws::kCloseGoingAway, {.by = Side::kBridge, .cause = "ended by ctl kill"});
  }
}

void Session::add_tap(std::shared_ptr<Tap> tap) {
  taps_.push_back(std::move(tap));
}

// Out of the data path: kept away from those who have no watcher.
void Session::tell_taps(Direction direction, std::string_view line) {
  std::erase_if(taps_, [](const auto& tap) { return !tap->is_watched(); });
  for (const auto& tap : taps_) {
    tap->tell_line(direction, line);
  }
}

void Session::end_taps() {
  for (const auto& tap : std::exchange(taps_, {})) {
    tap->tell_end(report_->end ? report_->end->cause : "");
  }
}

}  // namespace wsbridged
