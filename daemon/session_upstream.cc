// SPDX-License-Identifier: MIT
// The upstream side of a session: messages to lines, and what its end means.
#include <utility>

#include "daemon/advice.h"
#include "daemon/session.h"

namespace wsbridged {

namespace {

// 1000 and a Close frame without code are ends; every other code is an error.
bool is_normal_end(std::uint16_t code) {
  return code == ws::kCloseNormal || code == ws::kCloseNoStatus;
}

// The code that went out with the failure, or 1006 when none could.
std::uint16_t close_code_of(ws::ErrorCode code) {
  switch (code) {
    case ws::ErrorCode::kMessageTooBig:
      return ws::kCloseMessageTooBig;
    case ws::ErrorCode::kInvalidUtf8:
    case ws::ErrorCode::kInvalidCompression:
      return ws::kCloseInvalidPayload;
    case ws::ErrorCode::kProtocolViolation:
      return ws::kCloseProtocolError;
    default:
      return ws::kCloseAbnormal;
  }
}

std::string close_cause(std::uint16_t code) {
  if (code == ws::kCloseNoStatus) {
    return "upstream closed";
  }
  const std::string_view name = ws::close_code_name(code);
  return "upstream closed with " + std::to_string(code) +
         (name.empty() ? std::string() : " (" + std::string(name) + ")");
}

}  // namespace

void Session::dial() {
  ws::Options options = slot_.bridge()->options();
  options.cookie_jar = environment_.jar;
  options.callbacks = callbacks();
  upstream_ = std::make_unique<ws::WebSocket>(environment_.loop, settings().upstream.url,
                                              std::move(options));
}

ws::Callbacks Session::callbacks() {
  return {
      .on_open = [this](ws::WebSocket&) { handle_open(); },
      .on_message = [this](ws::WebSocket&, const ws::Message& message) { handle_message(message); },
      .on_drain =
          [this](ws::WebSocket&) {
            is_upstream_full_ = false;
            update_local_reading();
          },
      .on_round_trip =
          [this](ws::WebSocket&, std::chrono::microseconds round_trip) {
            environment_.totals.ping_rtt_seconds.observe(round_trip);
          },
      .on_error = [this](ws::WebSocket&, const ws::Error& error) { handle_error(error); },
      .on_close = [this](ws::WebSocket&, const ws::CloseInfo& info) { handle_close(info); },
  };
}

void Session::handle_open() {
  is_open_ = true;
  count_open();
  environment_.log.info("session opened", {{"bridge", name_.bridge},
                                           {"session", name_.id},
                                           {"peer", name_.peer},
                                           {"upstream", slot_.bridge()->upstream_name()},
                                           {"address", upstream_->remote_address()},
                                           {"subprotocol", upstream_->subprotocol()}});
  send_on_open_lines();
  const std::vector<std::byte> held = std::exchange(held_, {});
  if (!held.empty()) {
    frame(held);
  }
  if (!local_) {
    close_upstream(ws::kCloseNormal, {.by = Side::kLocal, .cause = "local hang-up"});
  } else if (is_local_eof_ && !is_closing_) {
    handle_local_eof();
  }
  update_local_reading();
}

void Session::send_on_open_lines() {
  for (const std::string& line : settings().upstream.on_open) {
    if (!send_message(line)) {
      return;
    }
  }
}

void Session::handle_message(const ws::Message& message) {
  last_message_ = environment_.loop.now();
  if (!local_ || is_down_cut_) {
    drop_message(local_ ? "behind a refused message" : "the local program was gone");
    return;
  }
  const Written written = writer_.write(message, local_->output());
  if (written.refused != Written::Refused::kNo) {
    refuse_message(written.refused);
    return;
  }
  report_.down.lines += written.line_count;
  report_.down.bytes += message.data.size();
  if (written.altered) {
    ++report_.down.altered_lines;
    environment_.totals.count_altered(Direction::kDown, "space");
  }
  if (!taps_.empty()) {
    tell_taps(Direction::kDown, message.data);
  }
  local_->flush_soon();
  if (local_->output().size() > settings().session.buffer) {
    upstream_->pause();  // on_drained resumes it
  }
}

void Session::drop_message(std::string_view reason) {
  ++report_.down.dropped_lines;
  environment_.totals.count_dropped(Direction::kDown, reason);
  if (report_.dropped_reason.empty()) {
    report_.dropped_reason = reason;
  }
}

void Session::refuse_message(Written::Refused why) {
  const bool is_binary = why == Written::Refused::kBinary;
  drop_message(is_binary ? "binary_messages" : "embedded_delimiter");
  is_down_cut_ = true;  // the program must not see a stream with a hole in it
  close_upstream(
      is_binary ? ws::kCloseUnsupportedData : ws::kClosePolicyViolation,
      {.by = Side::kBridge,
       .is_error = true,
       .cause = is_binary ? "upstream sent a binary message"
                          : "upstream sent a message that contains the delimiter",
       .advice = is_binary ? "set framing.binary_messages to base64, hex or raw"
                           : "set framing.embedded_delimiter to space, escape or split"});
}

void Session::handle_close(const ws::CloseInfo& info) {
  // An answer only repeats our code, or leaves it out.
  report_.close_code = info.by_peer ? info.code : sent_close_code_;
  report_.close_reason = info.reason;
  report_.unsent_bytes_up += upstream_->buffered_amount();
  end({.by = Side::kUpstream,
       .is_error = !is_normal_end(info.code),
       .cause = close_cause(info.code)});
  upstream_.reset();
  upstream_ended();
}

void Session::handle_error(const ws::Error& error) {
  if (!is_open_) {
    environment_.totals.count_failed_dial(error);
  }
  report_.close_code = is_open_ ? close_code_of(error.code) : std::uint16_t{0};
  report_.unsent_bytes_up += upstream_->buffered_amount();
  if (is_open_ && error.code == ws::ErrorCode::kMessageTooBig) {
    drop_message("max_message");
  }
  const bool is_theirs = !is_open_ || error.code == ws::ErrorCode::kConnectionLost;
  end({.by = is_theirs ? Side::kUpstream : Side::kBridge,
       .is_error = true,
       .cause = error.message,
       .advice = advice_for(error)});
  upstream_.reset();
  upstream_ended();
}

}  // namespace wsbridged
