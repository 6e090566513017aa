// SPDX-License-Identifier: MIT
#include "daemon/session.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

// With a drain_timeout of 0 something may still move.
constexpr milliseconds kDrainLook{50};

// The upstream's Close is behind what a program that does not read lets nobody take.
constexpr std::chrono::seconds kClosingTime{5};

}  // namespace

Session::Session(const Environment& environment, SessionSlot slot, std::uint64_t id, Local local)
    : environment_(environment),
      slot_(std::move(slot)),
      name_{.bridge = slot_.bridge()->name(), .id = id, .peer = local.peer.to_string()},
      started_(environment_.loop.now()),
      local_(std::move(local.stream)),
      is_unix_(local.peer.is_unix),
      framer_(settings().framing),
      writer_(slot_.bridge()->line_writer()),
      template_values_(std::make_unique<TemplateValues>(
          template_values(local.peer, slot_.bridge()->name(), id))),
      upstream_({.loop = environment_.loop,
                 .log = environment_.log,
                 .totals = environment_.totals,
                 .errors = environment_.errors,
                 .bridge = *slot_.bridge(),
                 .name = name_},
                *this),
      last_message_(started_) {
  if (environment_.memory != nullptr) {
    memory_ =
        std::make_unique<MemoryAccount>(environment_.memory, static_cast<MemoryHolder&>(*this));
  }
  ++environment_.totals.sessions_total;
  local_->set_handler(this);
  local_->set_high_water(settings().session.buffer);
  if (const milliseconds timeout = settings().session.idle_timeout; timeout.count() > 0) {
    idle_ = std::make_unique<IdleWatch>(environment_.loop, timeout, [this] { handle_idle(); });
  }
  if (settings().session.open == config::SessionOpen::kConnect) {
    dial();
  }
  update_local_reading();
}

Session::~Session() = default;

void Session::end(SessionEnd cause) {
  SessionReport& report = report_so_far();
  if (!report.end) {
    report.end = std::move(cause);
  }
}

SessionReport& Session::report_so_far() {
  if (!report_) {
    report_ = std::make_unique<SessionReport>();
  }
  return *report_;
}

void Session::close_upstream(std::uint16_t code, SessionEnd cause) {
  // What the program sent before it ended is delivered first, if need be over another connection.
  const Delivery delivery =
      cause.by == Side::kLocal && !cause.is_error ? Delivery::kFirst : Delivery::kNow;
  end(std::move(cause));
  if (upstream_.is_over() || (is_closing_ && delivery == Delivery::kFirst)) {
    return;
  }
  is_closing_ = true;
  if (upstream_.close(code, delivery)) {
    update_local_reading();
  } else {
    upstream_ended();
  }
}

void Session::close_in_time(std::uint16_t code, SessionEnd cause) {
  close_upstream(code, std::move(cause));
  if (!upstream_.is_over()) {
    close_timer_ = std::make_unique<ws::Timer>(environment_.loop, [this] { give_up_closing(); });
    close_timer_->start(kClosingTime);
  }
}

void Session::give_up_closing() {
  abort();  // what a program does not read it would not read later
}

// Nothing more comes from the upstream, nor goes to it.
void Session::upstream_ended() {
  is_closing_ = true;
  drain_timer_.reset();
  close_timer_.reset();
  idle_.reset();
  note_upstream();
  if (local_) {
    end_local();
  } else if (!local_ending_) {
    finish();
  }
}

void Session::note_upstream() {
  report_so_far().unsent_bytes_up += upstream_.unsent_bytes() + held_.size() + framer_.held_bytes();
  report_so_far().discarded_bytes += framer_.skipped_bytes();
  report_so_far().upstream = upstream_.counters();
}

void Session::end_local() {
  const bool is_cut = report_so_far().end->is_error &&
                      settings().session.on_upstream_error == config::OnUpstreamError::kReset;
  if (report_so_far().end->is_error) {
    tell_error();
  }
  local_ending_ = std::make_unique<LocalEnding>(
      environment_.loop,
      LocalEnding::Connection{
          .stream = std::move(local_), .is_unix = is_unix_, .is_at_eof = is_local_eof_},
      is_cut ? LocalEnd::kReset : LocalEnd::kFin, LocalEndLimits{},
      [this](const LocalEndResult& result) {
        report_so_far().unsent_bytes_down += result.unsent_bytes;
        report_so_far().discarded_bytes += result.discarded_bytes;
        finish();
      });
}

// By the rules of the framing; it counts as no line of the upstream's.
void Session::tell_error() {
  const std::string line = error_line(settings().session.error_line, report_so_far().end->reason);
  if (!line.empty()) {
    writer_.write({.type = ws::MessageType::kText, .data = line}, local_->output());
  }
}

void Session::handle_idle() {
  if (is_closing_ || !local_) {
    return;
  }
  // What one side still takes, or confirms, is no silence; and an upstream that is being dialled is
  // waited for within limits of its own.
  const std::uint64_t waiting = local_->output().size() + upstream_.unsent_bytes();
  const bool is_dialling = is_dialled_ && !upstream_.is_ready();
  if (std::exchange(idle_mark_, waiting) != waiting || is_dialling) {
    idle_->restart();
    return;
  }
  close_in_time(ws::kCloseNormal,
                {.by = Side::kBridge,
                 .cause = "nothing for idle_timeout (" +
                          std::to_string(settings().session.idle_timeout.count()) + " ms)"});
}

void Session::finish() {
  if (is_finished_) {
    return;
  }
  is_finished_ = true;
  quiet_timer_.reset();
  close_timer_.reset();
  const auto duration = duration_cast<milliseconds>(environment_.loop.now() - started_);
  SessionReport& report = report_so_far();
  report.up = up_;
  report.down = down_;
  log_session_end(environment_.log, name_, report, duration);
  environment_.totals.count_end(report, duration);
  remember_error();
  end_taps();
  environment_.on_finished(*this);
}

Session::DrainMark Session::drain_mark() const {
  return {.received = upstream_.received_bytes(),
          .local_waiting = local_ ? local_->output().size() : 0,
          .upstream_waiting = upstream_.buffered_bytes()};
}

// The drain after local EOF slides: it ends the session after drain_timeout of upstream silence.
void Session::start_drain_timer() {
  drain_timer_ = std::make_unique<ws::Timer>(environment_.loop, [this] { handle_drain_timer(); });
  last_message_ = environment_.loop.now() - drain_silence_;
  drain_mark_ = drain_mark();
  const auto left =
      std::chrono::ceil<milliseconds>(settings().session.drain_timeout - drain_silence_);
  drain_timer_->start(std::max(left, milliseconds(0)));
}

void Session::handle_drain_timer() {
  if (!upstream_.is_ready()) {
    return;  // it begins anew when the upstream is back
  }
  const milliseconds timeout = settings().session.drain_timeout;
  const auto silence = duration_cast<milliseconds>(environment_.loop.now() - last_message_);
  // Part of a message is a sign of life; and behind a slow program the upstream is not silent but
  // unread.
  const bool is_moving = drain_mark() != drain_mark_ || upstream_.is_paused();
  drain_mark_ = drain_mark();
  if (silence < timeout) {
    drain_timer_->start(timeout - silence);
  } else if (is_moving) {
    drain_timer_->start(std::max(timeout, kDrainLook));
  } else {
    close_upstream(ws::kCloseNormal, {.by = Side::kLocal,
                                      .cause = "local end, then nothing for drain_timeout (" +
                                               std::to_string(timeout.count()) + " ms)"});
  }
}

void Session::drain(milliseconds quiet) {
  quiet_ = quiet;
  quiet_mark_ = activity();
  quiet_timer_ = std::make_unique<ws::Timer>(environment_.loop, [this] { handle_quiet_timer(); });
  quiet_timer_->start(quiet_);
}

void Session::handle_quiet_timer() {
  if (is_idle() && activity() == quiet_mark_) {
    end_for_shutdown();
    return;
  }
  quiet_mark_ = activity();
  quiet_timer_->start(std::max(quiet_, milliseconds(1)));
}

void Session::end_for_shutdown() {
  close_upstream(ws::kCloseGoingAway, {.by = Side::kBridge, .cause = "shutting down"});
}

void Session::abort() {
  end({.by = Side::kBridge, .cause = "shutting down at once"});
  if (!upstream_.is_over()) {
    if (was_open_) {
      report_so_far().close_code = ws::kCloseAbnormal;
    }
    upstream_.cancel();
    note_upstream();
  }
  if (local_) {
    report_so_far().unsent_bytes_down += local_->output().size();
    report_so_far().discarded_bytes += local_->unread();
    local_.reset();
  }
  if (local_ending_) {
    const LocalEndResult result = local_ending_->result();
    report_so_far().unsent_bytes_down += result.unsent_bytes;
    report_so_far().discarded_bytes += result.discarded_bytes;
    local_ending_.reset();
  }
  finish();
}

bool Session::is_idle() const {
  const bool is_up_empty = held_.empty() && framer_.held_bytes() == 0 &&
                           upstream_.buffered_bytes() == 0 && !upstream_.has_unconfirmed();
  return is_up_empty && (!local_ || local_->output().empty());
}

std::uint64_t Session::activity() const {
  return up_.lines + down_.lines + framer_.held_bytes() + held_.size() + upstream_.received_bytes();
}

}  // namespace wsbridged
