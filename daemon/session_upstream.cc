// SPDX-License-Identifier: MIT
// The upstream side of a session: messages to lines, and what its end means.
#include <ws/url.h>

#include "daemon/advice.h"
#include "daemon/session.h"
#include "daemon/upstream_verdict.h"

namespace wsbridged {

std::string Session::upstream_url() const {
  if (!dialled_) {
    return {};
  }
  const auto parsed =
      ws::parse_url(filled_url_ ? *filled_url_ : url_text(dialled_->upstream, upstream_.url()));
  return parsed ? parsed->redacted() : std::string();
}

void Session::dial() {
  is_dialled_ = true;
  if (const auto refusal = refuse_values(settings().upstream, *template_values_)) {
    close_upstream(ws::kCloseNormal,
                   {.by = Side::kBridge,
                    .is_error = true,
                    .reason = EndReason::kTemplate,
                    .cause = refusal->message,
                    .advice = "take the template out of this bridge, or let its peers connect in a "
                              "way that tells it (docs/access.md)"});
    return;
  }
  upstream_.dial();
}

DialTarget Session::dial_target(std::size_t url) {
  tell_cookie_problems();  // of the attempt before
  dialled_ = slot_.bridge()->current();
  if (!cookies_) {
    cookies_ = std::make_unique<SessionCookies>(nullptr);
  }
  cookies_->use_file(environment_.jar(*slot_.bridge(), *template_values_));
  DialTarget target{.url = url_text(dialled_->upstream, url),
                    .options = slot_.bridge()->options(*dialled_)};
  apply_templates(*template_values_, target.options, target.url);
  filled_url_.reset();
  if (target.url != url_text(dialled_->upstream, url)) {
    filled_url_ = std::make_unique<std::string>(target.url);
  }
  cookies_->add_to(target.options, dialled_->upstream);
  return target;
}

void Session::tell_cookie_problems() {
  if (!cookies_) {  // it gave up waiting for its turn
    return;
  }
  environment_.cookie_problems.tell(cookies_->receiving(dialled_->upstream), name_.bridge,
                                    environment_.loop.now());
}

void Session::on_upstream_open(Opened opened) {
  was_open_ = true;
  update_upstream_reading();  // a new connection knows nothing of the one before
  if (opened == Opened::kFirst) {
    environment_.log.info("session opened", {{"bridge", name_.bridge},
                                             {"session", name_.id},
                                             {"peer", name_.peer},
                                             {"upstream", upstream_url()},
                                             {"address", upstream_.remote_address()},
                                             {"subprotocol", upstream_.subprotocol()}});
  }
  tell_cookie_problems();
  send_on_open_lines();
  forget_dial();
}

void Session::send_on_open_lines() {
  for (const std::string& line : dialled_->upstream.on_open) {
    if (!pass_on(filled(line, TemplateUse::kLine, *template_values_))) {
      return;
    }
  }
}

// What only another dial would need.
void Session::forget_dial() {
  if (!cookies_->has_own()) {
    cookies_.reset();
  }
  if (!settings().reconnect.enabled) {
    template_values_.reset();
  }
}

void Session::on_upstream_lost() {
  if (drain_timer_) {
    // The silence goes on over connections, unless lines are sent again, which may be answered.
    const bool has_lines = upstream_.has_unconfirmed();
    drain_silence_ =
        has_lines ? ws::EventLoop::Clock::duration{} : environment_.loop.now() - last_message_;
    drain_timer_.reset();  // see on_upstream_ready()
  }
  note_memory();
}

void Session::on_upstream_ready() {
  frame_held();
  if (held_.empty() && !is_closing_) {
    if (is_local_eof_) {
      handle_local_eof();
    } else if (!local_) {
      close_upstream(ws::kCloseNormal, {.by = Side::kLocal, .cause = "local hang-up"});
    }
  }
  note_memory();
}

void Session::on_upstream_messages(std::span<const ws::Message> messages) {
  last_message_ = environment_.loop.now();
  if (idle_) {
    idle_->touch();
  }
  if (!local_ || is_down_cut_) {
    drop_messages(messages.size());
    return;
  }
  write_messages(messages);
  // Behind a refusal nothing more is written, and the peer's Close is to be read.
  if (local_ && !is_down_cut_ && local_->output().size() > settings().session.buffer) {
    is_local_full_ = true;
    update_upstream_reading();
  }
}

// The messages that need no more than to be copied, up to the first one that needs more, which is
// then looked at by itself.
void Session::write_messages(std::span<const ws::Message> messages) {
  local_->flush_soon();  // when the turn ends: what follows is part of it
  while (!messages.empty()) {
    messages = messages.subspan(write_plain(messages));
    if (messages.empty()) {
      return;
    }
    const auto refused = write_message(messages.front());
    messages = messages.subspan(1);
    if (refused != Written::Refused::kNo) {
      refuse_message(refused);
      drop_messages(messages.size());
      return;
    }
  }
}

std::size_t Session::write_plain(std::span<const ws::Message> messages) {
  const PlainLines plain = writer_.write_plain(messages, local_->output());
  down_.lines += plain.count;
  down_.bytes += plain.bytes;
  if (!taps_.empty()) {
    for (const ws::Message& message : messages.first(plain.count)) {
      tell_taps(Direction::kDown, message.data);
    }
  }
  return plain.count;
}

Written::Refused Session::write_message(const ws::Message& message) {
  const Written written = writer_.write(message, local_->output());
  if (written.refused != Written::Refused::kNo) {
    return written.refused;
  }
  down_.lines += written.line_count;
  down_.bytes += message.data.size();
  if (written.altered) {
    ++down_.altered_lines;
    environment_.totals.count_altered(written.lacked ? AlterReason::kEncoding
                                                     : AlterReason::kSpace);
  }
  if (!taps_.empty()) {
    tell_taps(Direction::kDown, message.data);
  }
  return Written::Refused::kNo;
}

// Behind a refused message, or with nobody left to take them.
void Session::drop_messages(std::size_t count) {
  for (; count > 0; --count) {
    drop_message(local_ ? DropReason::kBehindRefusedMessage : DropReason::kLocalGone);
  }
}

void Session::update_upstream_reading() {
  // With the program gone nothing is kept; and a paused upstream would not see the peer's Close.
  if (!local_ || (!is_local_full_ && may_read(Direction::kDown))) {
    upstream_.resume();
  } else {
    upstream_.pause();
  }
}

void Session::drop_message(DropReason reason) {
  ++down_.dropped_lines;
  environment_.totals.count_dropped(reason);
  if (report_so_far().dropped_reason.empty()) {
    report_so_far().dropped_reason = explain(reason).word;
  }
}

void Session::refuse_message(Written::Refused why) {
  const bool is_binary = why == Written::Refused::kBinary;
  drop_message(is_binary ? DropReason::kBinaryMessages : DropReason::kEmbeddedDelimiter);
  is_down_cut_ = true;  // the program must not see a stream with a hole in it
  close_upstream(
      is_binary ? ws::kCloseUnsupportedData : ws::kClosePolicyViolation,
      {.by = Side::kBridge,
       .is_error = true,
       .reason = is_binary ? EndReason::kBinaryMessage : EndReason::kEmbeddedDelimiter,
       .cause = is_binary ? "upstream sent a binary message"
                          : "upstream sent a message that contains the delimiter",
       .advice = is_binary ? "set framing.binary_messages to base64, hex or raw"
                           : "set framing.embedded_delimiter to space, escape or split"});
}

void Session::on_upstream_close(const ws::CloseInfo& info) {
  report_so_far().close_code =
      upstream_.close_code();  // an answer only repeats our code, or leaves it out
  report_so_far().close_reason = info.reason;
  end({.by = Side::kUpstream,
       .is_error = verdict_on_close(info.code) != UpstreamVerdict::kEnd,
       .reason = EndReason::kClosed,
       .cause = close_cause(info.code),
       .advice = advice_for_close(info.code)});
  upstream_ended();
}

void Session::on_upstream_error(const ws::Error& error) {
  const bool is_open = error.phase == ws::Phase::kOpen;
  report_so_far().close_code = upstream_.close_code();
  if (is_open && error.code == ws::ErrorCode::kMessageTooBig) {
    drop_message(DropReason::kMaxMessage);
  }
  if (!is_open) {
    tell_cookie_problems();
  }
  if (error.response) {
    report_so_far().answer_reason = error.response->reason;
  }
  const bool is_theirs = !is_open || error.code == ws::ErrorCode::kConnectionLost;
  end({.by = is_theirs ? Side::kUpstream : Side::kBridge,
       .is_error = true,
       .reason = reason_of(error),
       .cause = error.message,
       .advice = advice_for(error)});
  upstream_ended();
}

}  // namespace wsbridged
