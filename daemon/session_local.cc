// SPDX-License-Identifier: MIT
// The local side of a session: bytes to lines to messages.
#include <algorithm>
#include <utility>

#include "daemon/line_message.h"
#include "daemon/session.h"

namespace wsbridged {

void Session::on_data(std::span<std::byte> bytes) {
  if (idle_) {
    idle_->touch();
  }
  if (is_closing_) {
    report_so_far().discarded_bytes += bytes.size();
    return;
  }
  if (held_.empty()) {
    frame(bytes);
  } else {
    hold(bytes);
  }
  if (!is_dialled_) {
    dial();  // the first byte: it is held meanwhile
  }
  note_memory();
}

// What the upstream cannot take now is held, until update_local_reading() finds that it is enough.
void Session::frame(std::span<const std::byte> bytes) {
  while (!bytes.empty() && !is_closing_) {
    const std::size_t size = upstream_.most_bytes(framer_.held_bytes(), bytes.size());
    if (size == 0) {
      hold(bytes);
      return;
    }
    check_framer(framer_.receive(bytes.first(size), *this));
    upstream_.confirm_soon();
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty()) {
    report_so_far().discarded_bytes += bytes.size();
  }
}

// Doubles, so that small reads are copied a bounded number of times, but not beyond the bound.
void Session::hold(std::span<const std::byte> bytes) {
  const std::size_t size = held_.size() + bytes.size();
  if (size > held_.capacity()) {
    held_.reserve(std::max(size, std::min(2 * held_.capacity(), settings().session.buffer)));
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
}

void Session::frame_held() {
  const std::vector<std::byte> held = std::exchange(held_, {});
  frame(held);
}

void Session::check_framer(FramerState state) {
  if (state != FramerState::kTooLong) {
    return;
  }
  const bool is_prefixed = settings().framing.mode == config::FramingMode::kLengthPrefixed;
  drop_line(DropReason::kMaxLine);
  const std::string limit = std::to_string(settings().framing.max_line);
  close_upstream(ws::kCloseMessageTooBig,
                 {.by = Side::kBridge,
                  .is_error = true,
                  .reason = EndReason::kLineTooLong,
                  .cause = "local line longer than max_line: at least " +
                           std::to_string(framer_.too_long()) + " bytes, limit " + limit,
                  .advice = is_prefixed ? "raise framing.max_line, or check that the program "
                                          "writes lengths as framing.mode says"
                                        : "raise framing.max_line, or check framing.delimiter"});
}

std::size_t Session::on_lines(std::span<const std::string_view> lines) {
  if (!taps_.empty()) {
    return pass_on_watched(lines);
  }
  return send_lines(
      settings().framing, lines, upstream_,
      [this](std::span<const std::string_view> sent) { count_up(sent); },
      [this](std::string_view line, const SentLine& sent) { return account_for(line, sent); });
}

std::size_t Session::pass_on_watched(std::span<const std::string_view> lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    tell_taps(Direction::kUp, lines[i]);
    if (!pass_on(lines[i])) {
      return i;
    }
  }
  return lines.size();
}

bool Session::pass_on(std::string_view line) {
  return account_for(line, send_line(settings().framing, line, upstream_));
}

// False when the line ends the session.
bool Session::account_for(std::string_view line, const SentLine& sent) {
  if (sent.result == ws::SendResult::kInvalidUtf8) {
    return refuse_line();
  }
  if (sent.is_altered) {
    ++up_.altered_lines;
    environment_.totals.count_altered(AlterReason::kReplace);
  }
  if (sent.result == ws::SendResult::kRefused) {
    drop_line(DropReason::kUpstreamClosing);
  } else {
    count_up({&line, 1});
  }
  return true;
}

void Session::count_up(std::span<const std::string_view> lines) {
  up_.lines += lines.size();
  for (const std::string_view line : lines) {
    up_.bytes += line.size();
  }
}

void Session::drop_line(DropReason reason) {
  ++up_.dropped_lines;
  environment_.totals.count_dropped(reason);
  if (report_so_far().dropped_reason.empty()) {
    report_so_far().dropped_reason = explain(reason).word;
  }
}

bool Session::refuse_line() {
  drop_line(DropReason::kInvalidUtf8);
  close_upstream(ws::kCloseInvalidPayload,
                 {.by = Side::kBridge,
                  .is_error = true,
                  .reason = EndReason::kInvalidUtf8,
                  .cause = "local line " + std::to_string(up_.lines + 1) + " is not valid UTF-8",
                  .advice = "set framing.invalid_utf8, or message_type: binary"});
  return false;
}

void Session::on_eof(ws::net::Eof /*eof*/) {
  is_local_eof_ = true;
  if (is_closing_) {
    return;
  }
  upstream_.limit_reconnecting(settings().session.drain_timeout);
  const bool is_hung_up = is_unix_ && local_->is_hung_up();
  if (!is_dialled_) {
    close_upstream(ws::kCloseNormal,
                   {.by = Side::kLocal, .cause = "left without a byte, nothing was dialled"});
  } else if (upstream_.is_ready() && held_.empty()) {
    handle_local_eof();
  } else if (!was_open_ && held_.empty() && (!is_unix_ || is_hung_up)) {
    // A TCP program's half-close looks the same: one that has said nothing is taken to have left.
    close_upstream(ws::kCloseNormal,
                   {.by = Side::kLocal, .cause = "left before the upstream was open"});
  } else if (is_hung_up && was_open_) {
    local_gone("local hang-up");
  }
}

void Session::finish_framer() {
  if (std::exchange(is_framer_finished_, true)) {
    return;
  }
  check_framer(framer_.finish(*this));
  upstream_.confirm_soon();
  if (framer_.dropped_bytes() > 0) {
    drop_final_part();
  }
}

// Everything the program wrote has been sent, but for what has no delimiter.
void Session::handle_local_eof() {
  finish_framer();
  if (is_closing_) {
    return;
  }
  if (!local_) {
    close_upstream(ws::kCloseNormal, {.by = Side::kLocal, .cause = "local hang-up"});
  } else if (is_unix_ && local_->is_hung_up()) {
    local_gone("local hang-up");
  } else if (settings().session.on_local_eof == config::OnLocalEof::kClose) {
    close_upstream(ws::kCloseNormal, {.by = Side::kLocal, .cause = "local end"});
  } else if (!drain_timer_) {
    start_drain_timer();
  }
}

// A line cut short can still be a line; a message with less bytes than its length said never is.
void Session::drop_final_part() {
  if (settings().framing.final_partial_line == config::FinalPartialLine::kDrop) {
    drop_line(DropReason::kFinalPartialLine);
    ++up_.unwanted_lines;
  } else {
    drop_line(DropReason::kIncompleteMessage);
    report_so_far().unsent_bytes_up += framer_.dropped_bytes();
  }
}

void Session::on_drained() {
  is_local_full_ = false;
  update_upstream_reading();
}

// Behind what we do not read: while the upstream stays away nothing else would tell.
void Session::on_eof_ahead() {
  upstream_.limit_reconnecting(settings().session.drain_timeout);
}

void Session::on_hang_up() {
  upstream_.limit_reconnecting(settings().session.drain_timeout);
  // What the program wrote before it left is read and sent first: then on_eof tells the same.
  if (is_local_eof_) {
    local_gone("local hang-up");
  }
}

// Should the program still be there (no memory for what it was to get, say), it must not take this
// for an end: a reset tells. A Unix socket has none.
void Session::on_failure(const ws::Error& error) {
  if (!is_unix_) {
    local_->abort();
  }
  local_gone(error.message);
}

// Nobody is left to read what the upstream says.
void Session::local_gone(std::string cause) {
  report_so_far().unsent_bytes_down += local_->output().size();
  local_.reset();
  SessionEnd left{.by = Side::kLocal, .cause = std::move(cause)};
  upstream_.limit_reconnecting(settings().session.drain_timeout);
  update_upstream_reading();
  const bool has_last_line = is_local_eof_ && !is_framer_finished_ && framer_.held_bytes() > 0;
  if (held_.empty() && !has_last_line) {
    close_upstream(ws::kCloseNormal, std::move(left));
  } else {
    end(std::move(left));  // what it wrote is still sent: see on_upstream_ready()
  }
}

// One read is enough to know that the program is there, the rest waits in the kernel. But an outage
// may be long, and behind what is not read the program's end would go unnoticed.
bool Session::has_room_to_hold() const {
  const bool is_outage = settings().reconnect.enabled && !upstream_.is_ready();
  return held_.empty() || (is_outage && held_.size() < settings().session.buffer);
}

void Session::update_local_reading() {
  if (!local_ || is_local_eof_) {
    return;
  }
  // What comes while closing is discarded, and counted.
  const bool has_room = !upstream_.is_full() && has_room_to_hold();
  const bool is_reading = is_closing_ || (has_room && may_read(Direction::kUp));
  if (is_reading) {
    local_->resume_reading();
  } else {
    local_->pause_reading();
  }
}

}  // namespace wsbridged
