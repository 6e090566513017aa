// SPDX-License-Identifier: MIT
// The local side of a session: bytes to lines to messages.
#include <utility>

#include "daemon/session.h"

namespace wsbridged {

void Session::on_data(std::span<std::byte> bytes) {
  if (is_closing_) {
    report_.discarded_bytes += bytes.size();
  } else if (is_open_) {
    frame(bytes);
  } else {
    // One read is enough to know that the program is there; the rest waits in the kernel.
    held_.assign(bytes.begin(), bytes.end());
    update_local_reading();
  }
}

void Session::frame(std::span<const std::byte> bytes) {
  check_framer(framer_.receive(bytes, *this));
  update_local_reading();
}

void Session::check_framer(FramerState state) {
  if (state != FramerState::kTooLong) {
    return;
  }
  drop_line("max_line");
  const std::string limit = std::to_string(settings().framing.max_line);
  close_upstream(ws::kCloseMessageTooBig,
                 {.by = Side::kBridge,
                  .is_error = true,
                  .cause = "local line longer than max_line: at least " +
                           std::to_string(framer_.too_long()) + " bytes, limit " + limit,
                  .advice = "raise framing.max_line, or check framing.delimiter"});
}

bool Session::on_line(std::string_view line) {
  if (!taps_.empty()) {
    tell_taps(Direction::kUp, line);
  }
  return send_message(line);
}

bool Session::send_message(std::string_view line) {
  using config::MessageKind;
  if (settings().framing.message_type == MessageKind::kBinary) {
    return count_sent(upstream_->send_binary(std::as_bytes(std::span(line))), line.size());
  }
  return send_line(line);
}

bool Session::send_line(std::string_view line) {
  const ws::SendResult result = upstream_->send(line);
  if (result != ws::SendResult::kInvalidUtf8) {
    return count_sent(result, line.size());
  }
  const config::Framing& framing = settings().framing;
  if (framing.message_type == config::MessageKind::kAuto ||
      framing.invalid_utf8 == config::InvalidUtf8::kBinary) {
    return count_sent(upstream_->send_binary(std::as_bytes(std::span(line))), line.size());
  }
  if (framing.invalid_utf8 == config::InvalidUtf8::kReplace) {
    ++report_.up.altered_lines;
    environment_.totals.count_altered(Direction::kUp, "replace");
    return count_sent(upstream_->send(replace_invalid_utf8(line)), line.size());
  }
  return refuse_line();
}

bool Session::count_sent(ws::SendResult result, std::size_t size) {
  if (result == ws::SendResult::kRefused) {
    drop_line("the upstream was closing");
    return true;
  }
  ++report_.up.lines;
  report_.up.bytes += size;
  is_upstream_full_ = is_upstream_full_ || result == ws::SendResult::kQueued;
  return true;
}

void Session::drop_line(std::string_view reason) {
  ++report_.up.dropped_lines;
  environment_.totals.count_dropped(Direction::kUp, reason);
  if (report_.dropped_reason.empty()) {
    report_.dropped_reason = reason;
  }
}

bool Session::refuse_line() {
  drop_line("invalid_utf8");
  close_upstream(
      ws::kCloseInvalidPayload,
      {.by = Side::kBridge,
       .is_error = true,
       .cause = "local line " + std::to_string(report_.up.lines + 1) + " is not valid UTF-8",
       .advice = "set framing.invalid_utf8, or message_type: binary"});
  return false;
}

void Session::on_eof(ws::net::Eof /*eof*/) {
  is_local_eof_ = true;
  if (is_closing_) {
    return;
  }
  if (is_open_) {
    handle_local_eof();
  } else if (held_.empty() && (!is_unix_ || local_->is_hung_up())) {
    // A TCP program's half-close looks the same: one that has said nothing is taken to have left.
    close_upstream(ws::kCloseNormal,
                   {.by = Side::kLocal, .cause = "left before the upstream was open"});
  }
}

void Session::handle_local_eof() {
  check_framer(framer_.finish(*this));
  if (framer_.dropped_bytes() > 0) {
    drop_line("final_partial_line");
    ++report_.up.unwanted_lines;
  }
  if (is_closing_) {
    return;
  }
  if (is_unix_ && local_->is_hung_up()) {
    local_gone("local hang-up");
  } else if (settings().session.on_local_eof == config::OnLocalEof::kClose) {
    close_upstream(ws::kCloseNormal, {.by = Side::kLocal, .cause = "local end"});
  } else {
    start_drain_timer();
  }
}

void Session::on_drained() {
  if (upstream_) {
    upstream_->resume();
  }
}

void Session::on_hang_up() {
  // What the program wrote before it left is read and sent first: then on_eof tells the same.
  if (is_local_eof_) {
    local_gone("local hang-up");
  }
}

void Session::on_failure(const ws::Error& error) {
  local_gone(error.message);
}

// Nobody is left to read what the upstream says.
void Session::local_gone(std::string cause) {
  report_.unsent_bytes_down += local_->output().size();
  local_.reset();
  SessionEnd left{.by = Side::kLocal, .cause = std::move(cause)};
  if (!is_open_ && !held_.empty()) {
    end(std::move(left));  // what it wrote is still sent: see handle_open()
  } else if (upstream_) {
    upstream_->resume();  // a paused one would not see the peer's Close
    close_upstream(ws::kCloseNormal, std::move(left));
  }
}

void Session::update_local_reading() {
  if (!local_ || is_local_eof_) {
    return;
  }
  // What comes while closing is discarded, and counted.
  const bool may_read = is_closing_ || (is_open_ ? !is_upstream_full_ : held_.empty());
  if (may_read) {
    local_->resume_reading();
  } else {
    local_->pause_reading();
  }
}

}  // namespace wsbridged
