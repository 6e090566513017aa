// SPDX-License-Identifier: MIT
// Dials a bridge's upstream once, pings it, closes it, and tells of every step how it went. Nothing
// is written: cookies that the server sets are forgotten, and no on_open line is sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <ws/event_loop.h>
#include <ws/websocket.h>

#include "daemon/bridge.h"
#include "daemon/probe_report.h"
#include "daemon/template.h"

namespace wsbridged {

// One probe of one URL, on a loop of its own. It takes connect_timeout for the opening, as much
// for the ping, and what closing takes.
class Probe {
 public:
  // `url` is the number of one of the bridge's.
  Probe(Bridge& bridge, std::size_t url);
  ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  // Blocks until it is over.
  [[nodiscard]] ProbeReport run();

 private:
  using TimePoint = ws::EventLoop::Clock::time_point;

  void dial();
  [[nodiscard]] ws::Callbacks callbacks();
  [[nodiscard]] bool add_cookies(ws::Options& options, const config::Upstream& upstream,
                                 const std::string& url);
  void handle_open();
  void handle_pong();
  void handle_close(const ws::CloseInfo& info);
  void handle_error(const ws::Error& error);
  void handle_timeout();
  void note_opening();
  void note_response(const ws::HttpResponse& response);
  void fail(ProbeStep step, std::string failure, std::string advice);
  // The steps before `step` are over.
  void pass_before(ProbeStep step);
  [[nodiscard]] std::chrono::microseconds since(TimePoint begin) const;

  Bridge& bridge_;
  std::size_t url_;
  TemplateValues values_;
  ProbeReport report_;
  ws::EventLoop loop_;
  std::shared_ptr<ws::OpeningDetails> details_ = std::make_shared<ws::OpeningDetails>();
  std::chrono::milliseconds timeout_{0};
  ws::Timer timer_;
  std::unique_ptr<ws::WebSocket> socket_;
  ProbeStep at_ = ProbeStep::kOptions;  // from kPing on, the step that is under way
  TimePoint step_began_{};
};

}  // namespace wsbridged
