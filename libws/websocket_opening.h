// SPDX-License-Identifier: MIT
// A WebSocket before it is open: dial, upgrade request, response, and the one deadline over all of
// it. Everything here is freed when the WebSocket opens.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "net/dialer.h"
#include "net/phase_clock.h"
#include "protocol/handshake.h"
#include "websocket_plan.h"

namespace ws {

struct Opened {
  Url url;                              // of the request that opened it: redirects may lie behind
  std::unique_ptr<net::Stream> stream;  // reading; its handler is to be replaced
  HttpResponse response;
  std::string subprotocol;
  protocol::ConnectionSettings settings;
  std::vector<std::byte> rest;  // what came behind the response head: frames
};

// An opening under way, started by the constructor; a plan that is an error is reported like any
// other failure. `on_done` is called once, in a later turn. Destroying the object cancels, also
// from inside on_done.
class Opening final : private net::StreamHandler {
 public:
  using Callback = std::function<void(Result<Opened>)>;

  Opening(EventLoop& loop, Result<OpeningPlan> plan, Callback on_done);
  ~Opening() override;
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  // Empty until the dial has succeeded.
  [[nodiscard]] const std::string& remote_address() const { return remote_address_; }

  [[nodiscard]] OpeningTimes times() const;

 private:
  void on_data(std::span<std::byte> bytes) override;
  void on_eof(net::Eof eof) override;
  void on_failure(const Error& error) override;

  void report_early(const Error& error);
  // The error that keeps it from being dialled at all.
  [[nodiscard]] std::optional<Error> dial();
  void dialled(Result<net::Dialled> result);
  void send_request();
  void judge(protocol::ClientHandshake::Progress progress);
  void refused();
  [[nodiscard]] bool is_redirected() const;
  void follow_redirect();
  void keep_cookies(const HttpResponse& response);
  void take_over();
  void time_out();
  void finish(Result<Opened> result);
  [[nodiscard]] std::string cookie_for(const Url& url) const;

  // The deadline's better answer: what was already said, but not to its end.
  [[nodiscard]] std::optional<Error> last_word();

  EventLoop& loop_;
  Callback on_done_;
  std::optional<OpeningPlan> plan_;
  std::string remote_address_;
  net::PhaseClock clock_;
  std::string cookie_;                   // of the request that is waiting for its response
  std::unique_ptr<net::Dialer> dialer_;  // before the stream
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<protocol::ClientHandshake> handshake_;  // with the stream
  std::unique_ptr<const Error> early_error_;
  Timer timer_;  // the deadline, or the turn that reports early_error_
};

}  // namespace ws
