// SPDX-License-Identifier: MIT
#include "daemon/probe.h"

#include <string_view>
#include <utility>
#include <variant>

#include "daemon/advice.h"
#include "daemon/log.h"
#include "daemon/own_peer.h"
#include "daemon/session_cookies.h"
#include "daemon/unix_time.h"

namespace wsbridged {

namespace {

using std::chrono::microseconds;

constexpr std::string_view kPingPayload = "probe";
constexpr const char* kClosesAdvice =
    "the server takes the connection and closes it: look into its log; often it wants a "
    "credential (headers, cookie_jar), an origin or another subprotocol";

std::string redacted(const std::string& url) {
  const auto parsed = ws::parse_url(url);
  return parsed ? parsed->redacted() : std::string();
}

std::string close_text(const ws::CloseInfo& info) {
  std::string text = "the server closed the connection at once, with ";
  text += info.code == ws::kCloseNoStatus ? "no code" : "code " + std::to_string(info.code);
  const std::string_view name = ws::close_code_name(info.code);
  if (!name.empty() && info.code != ws::kCloseNoStatus) {
    text += " (" + std::string(name) + ")";
  }
  if (!info.reason.empty()) {
    text += ": " + std::get<std::string>(Field::peer_text("", info.reason).value);
  }
  return text;
}

}  // namespace

Probe::Probe(Bridge& bridge, std::size_t url)
    : bridge_(bridge),
      url_(url),
      values_(template_values(own_peer(), bridge.name(), 0)),
      timer_(loop_, [this] { handle_timeout(); }) {
  report_.bridge = bridge.name();
  ws::watch_openings(loop_, details_);
}

ProbeReport Probe::run() {
  dial();
  loop_.run();
  socket_.reset();
  return std::move(report_);
}

void Probe::dial() {
  const auto snapshot = bridge_.current();
  report_.url = bridge_.upstream_name(url_);
  if (const auto refusal = refuse_values(snapshot->upstream, values_)) {
    fail(ProbeStep::kOptions, refusal->message, "take the template out of this bridge");
    return;
  }
  ws::Options options = bridge_.options(*snapshot);
  std::string url = url_text(snapshot->upstream, url_);
  apply_templates(values_, options, url);
  report_.url = redacted(url);
  report_.is_tls_wanted = snapshot->urls[url_].secure;
  report_.offered_subprotocols = options.subprotocols;
  report_.is_compression_offered = options.compression.enabled;
  if (!add_cookies(options, snapshot->upstream, url)) {
    return;
  }
  timeout_ = options.connect_timeout;
  options.ping_interval = std::chrono::milliseconds(0);  // the probe sends its own
  options.callbacks = callbacks();
  socket_ = std::make_unique<ws::WebSocket>(loop_, url, std::move(options));
}

ws::Callbacks Probe::callbacks() {
  return {
      .on_open = [this](ws::WebSocket&) { handle_open(); },
      .on_message = [](ws::WebSocket&, const ws::Message&) {},
      .on_pong =
          [this](ws::WebSocket&, std::string_view payload) {
            if (payload == kPingPayload) {
              handle_pong();
            }
          },
      .on_error = [this](ws::WebSocket&, const ws::Error& error) { handle_error(error); },
      .on_close = [this](ws::WebSocket&, const ws::CloseInfo& info) { handle_close(info); },
  };
}

bool Probe::add_cookies(ws::Options& options, const config::Upstream& upstream,
                        const std::string& url) {
  report_.cookie_jar = filled(upstream.cookie_jar, TemplateUse::kPath, values_);
  auto jar = Bridge::make_jar(report_.cookie_jar);
  if (!jar) {
    fail(ProbeStep::kOptions, jar.error().message, "check upstream.cookie_jar");
    return false;
  }
  const SessionCookies cookies(jar.value());
  cookies.add_to(options, upstream);
  options.store_cookies = false;
  const auto parsed = ws::parse_url(url);
  if (options.cookie_jar != nullptr && parsed) {
    for (const ws::CookieDecision& decision : jar.value()->explain(*parsed, unix_now())) {
      report_.cookies.push_back(probe_cookie(decision));
    }
  }
  return true;
}

void Probe::handle_open() {
  note_opening();
  pass_before(ProbeStep::kPing);
  note_response(socket_->response());
  report_.response.subprotocol = socket_->subprotocol();
  at_ = ProbeStep::kPing;
  step_began_ = ws::EventLoop::Clock::now();
  timer_.start(timeout_);
  (void)socket_->ping(kPingPayload);
}

void Probe::handle_pong() {
  if (at_ != ProbeStep::kPing) {
    return;
  }
  report_.step(ProbeStep::kPing) = {.outcome = ProbeOutcome::kOk, .time = since(step_began_)};
  at_ = ProbeStep::kClose;
  step_began_ = ws::EventLoop::Clock::now();
  socket_->close(ws::kCloseNormal);
}

void Probe::handle_close(const ws::CloseInfo& info) {
  timer_.stop();
  report_.close = info;
  report_.close->reason = std::get<std::string>(Field::peer_text("", info.reason).value);
  const auto time = since(step_began_);
  if (at_ == ProbeStep::kPing || info.by_peer) {
    const std::string advice = advice_for_close(info.code);
    fail(at_, close_text(info), advice.empty() ? kClosesAdvice : advice);
    return;
  }
  report_.step(ProbeStep::kClose) = {.outcome = ProbeOutcome::kOk, .time = time};
  loop_.stop();
}

void Probe::handle_error(const ws::Error& error) {
  timer_.stop();
  if (error.phase != ws::Phase::kOpen) {
    note_opening();
    pass_before(step_of(error.phase));
    if (error.response && error.phase == ws::Phase::kHttp) {
      note_response(*error.response);
    }
    fail(step_of(error.phase), error.message, advice_for(error));
    return;
  }
  const bool is_at_once = error.code == ws::ErrorCode::kConnectionLost;
  fail(at_, error.message, is_at_once ? kClosesAdvice : advice_for(error));
}

void Probe::handle_timeout() {
  if (at_ != ProbeStep::kPing) {
    return;
  }
  fail(ProbeStep::kPing, "no pong within connect_timeout",
       "the server does not answer pings, as RFC 6455 wants it to: set ping_interval: 0s, or look "
       "at what is between you and it");
  socket_->abort();
}

void Probe::note_opening() {
  const ws::OpeningTimes times = socket_->opening_times();
  report_.details = *details_;
  for (const ws::ConnectAttempt& attempt : details_->attempts) {
    if (attempt.is_connected) {
      report_.address = attempt.address;
    }
  }
  report_.step(ProbeStep::kDns).time = times.resolve;
  report_.step(ProbeStep::kTcp).time = times.connect;
  report_.step(ProbeStep::kProxy).time = times.proxy;
  report_.step(ProbeStep::kTls).time = times.tls;
  report_.step(ProbeStep::kUpgrade).time = times.http;
}

void Probe::note_response(const ws::HttpResponse& response) {
  report_.response.status = response.status;
  report_.response.reason = std::get<std::string>(Field::peer_text("", response.reason).value);
  report_.response.extensions = shown_header(response, "sec-websocket-extensions");
  report_.response.headers = telling_headers(response);
  report_.response.cookies = names_of_set_cookies(response);
}

void Probe::pass_before(ProbeStep step) {
  const auto is_needed = [this](ProbeStep one) {
    switch (one) {
      case ProbeStep::kDns:
        return !report_.details.looked_up.empty();
      case ProbeStep::kProxy:
        return !report_.details.proxy.empty();
      case ProbeStep::kTls:
        return report_.is_tls_wanted;
      default:
        return true;
    }
  };
  for (std::size_t i = 0; i < kProbeStepCount; ++i) {
    const auto one = static_cast<ProbeStep>(i);
    if (!is_needed(one)) {
      report_.steps[i].outcome = ProbeOutcome::kNotNeeded;
    } else if (one < step) {
      report_.steps[i].outcome = ProbeOutcome::kOk;
    }
  }
}

void Probe::fail(ProbeStep step, std::string failure, std::string advice) {
  report_.step(step).outcome = ProbeOutcome::kFailed;
  if (step >= ProbeStep::kPing) {
    report_.step(step).time = since(step_began_);
  }
  report_.failure = std::move(failure);
  report_.advice = std::move(advice);
  loop_.stop();
}

microseconds Probe::since(TimePoint begin) const {
  return std::chrono::duration_cast<microseconds>(ws::EventLoop::Clock::now() - begin);
}

}  // namespace wsbridged
