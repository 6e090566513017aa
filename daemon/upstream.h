// SPDX-License-Identifier: MIT
// The upstream side of a session: dials, over all URLs, and with reconnect.enabled dials again when
// the connection is lost and sends what the server has not confirmed once more. To the session it
// is one connection that opens, perhaps several times, and ends once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ws/event_loop.h>
#include <ws/websocket.h>

#include "daemon/bridge.h"
#include "daemon/credentials.h"
#include "daemon/dial_damper.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/recent_errors.h"
#include "daemon/session_report.h"

namespace wsbridged {

// Who uses an Upstream. None of these is called from inside a call of the user's, but
// dial_target(). The user may call anything from inside them; it must not destroy the Upstream.
class UpstreamUser {
 public:
  virtual ~UpstreamUser() = default;

  // Asked for each attempt anew, so that what it takes along is never stale.
  [[nodiscard]] virtual DialTarget dial_target(std::size_t url) = 0;

  enum class Opened : std::uint8_t { kFirst, kAgain };
  // Now the on_open lines are to be sent. They are not kept: each connection gets its own.
  virtual void on_upstream_open(Opened opened) = 0;
  // Lines may be sent, or may be sent again: after every open, when what was queued has gone, and
  // when lines have been confirmed.
  virtual void on_upstream_ready() = 0;
  // In order, at least one, and at most what ws::Callbacks::on_messages tells at once.
  virtual void on_upstream_messages(std::span<const ws::Message> messages) = 0;
  // The connection is gone, and another one will be tried.
  virtual void on_upstream_lost() = 0;
  // The messages of one read have been told, perhaps none.
  virtual void on_upstream_read() = 0;
  // Exactly one of these, once, and last; none after close() or cancel() has said so.
  virtual void on_upstream_close(const ws::CloseInfo& info) = 0;
  virtual void on_upstream_error(const ws::Error& error) = 0;
};

// What close() does with lines that are not confirmed while there is no connection.
enum class Delivery : std::uint8_t {
  kFirst,  // they are delivered before, in the time that limit_reconnecting() gave
  kNow,    // they are given up
};

// Belongs to its loop's thread. Without reconnect.enabled it holds no more than its WebSocket; with
// it the replay queue (at most `replay`), which is there while something is unconfirmed.
class Upstream final : private ws::WebSocketHandler {
 public:
  struct Context {
    ws::EventLoop& loop;
    Log& log;
    BridgeTotals& totals;
    RecentErrors& errors;
    Bridge& bridge;
    const SessionName& name;
  };

  Upstream(Context context, UpstreamUser& user);
  ~Upstream() override;
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // Once.
  void dial();

  // Lines may be sent: it is open, and what was unconfirmed has been sent again.
  [[nodiscard]] bool is_ready() const { return state_ == State::kReady; }

  [[nodiscard]] bool is_over() const { return state_ == State::kOver; }

  // An attempt is under way; not while it waits for one.
  [[nodiscard]] bool is_dialling() const { return state_ == State::kDialling; }

  // There is a connection, though lines may have to wait until others have been sent again.
  [[nodiscard]] bool is_connected() const {
    return state_ == State::kReady || state_ == State::kReplaying;
  }

  // The last attempt failed, or the connection was lost, and another attempt follows.
  [[nodiscard]] bool is_reconnecting() const;

  // Above session.buffer, until on_upstream_ready().
  [[nodiscard]] bool is_full() const { return is_full_; }

  // How many of `size` bytes may be made into lines now, when `part` bytes of a line are held
  // already, so that the replay queue keeps to its bound; 0 asks to wait for on_upstream_ready().
  [[nodiscard]] std::size_t most_bytes(std::size_t part, std::size_t size);
  // As those of ws::WebSocket. What is sent when ready is kept until it is confirmed.
  [[nodiscard]] ws::SendResult send(std::string_view text);
  [[nodiscard]] ws::SendResult send_binary(std::span<const std::byte> bytes);
  [[nodiscard]] ws::BatchResult send_batch(ws::MessageType type,
                                           std::span<const std::string_view> lines);
  // After lines have been sent: sees to it that they get confirmed.
  void confirm_soon();

  void pause();
  void resume();
  [[nodiscard]] bool is_paused() const;

  // The local side has ended: from now on an outage may last this long.
  void limit_reconnecting(std::chrono::milliseconds limit);
  // Ends it. False when it is over already, and no callback will follow.
  [[nodiscard]] bool close(std::uint16_t code, Delivery delivery);
  // At once, without callbacks.
  void cancel();

  // Of the connection that is or was last; empty before.
  [[nodiscard]] std::string remote_address() const;
  [[nodiscard]] const std::string& subprotocol() const;

  // 0 before a keepalive ping was answered.
  [[nodiscard]] std::chrono::microseconds ping_round_trip() const;

  [[nodiscard]] std::size_t url() const { return url_; }

  // Payload of all its connections so far.
  [[nodiscard]] std::uint64_t received_bytes() const;
  // Bytes that the kernel has not taken yet.
  [[nodiscard]] std::size_t buffered_bytes() const;
  // Memory of buffers; what is kept to be sent again is part of the output.
  [[nodiscard]] ws::BufferMemory buffer_memory() const;
  [[nodiscard]] bool has_unconfirmed() const;
  // What would be lost if it ended now; after the end, what is lost.
  [[nodiscard]] std::uint64_t unsent_bytes() const;

  // Of the last connection, on the wire, 1005 or 1006 as RFC 6455 has them; 0: never open.
  [[nodiscard]] std::uint16_t close_code() const { return last_close_code_; }

  [[nodiscard]] UpstreamCounters counters() const;

 private:
  using TimePoint = ws::EventLoop::Clock::time_point;
  enum class State : std::uint8_t {
    kNew,
    kWaiting,    // for the next attempt
    kDialling,   // perhaps the second of several URLs
    kReplaying,  // open; on_open and unconfirmed lines are on their way
    kReady,
    kClosing,  // our Close was sent
    kOver,
  };
  struct Dialling;
  struct Reconnect;

  void on_open(ws::WebSocket& socket) override;
  void on_messages(ws::WebSocket& socket, std::span<const ws::Message> messages) override;
  void on_read_end(ws::WebSocket& socket) override;
  void on_drain(ws::WebSocket& socket) override;
  void on_pong(ws::WebSocket& socket, std::string_view payload) override;
  void on_round_trip(ws::WebSocket& socket, std::chrono::microseconds time) override;
  void on_error(ws::WebSocket& socket, const ws::Error& error) override;
  void on_close(ws::WebSocket& socket, const ws::CloseInfo& info) override;

  // upstream_dial.cc
  void begin_dial();
  void try_url();
  void handle_dial_error(const ws::Error& error);
  [[nodiscard]] bool retries_with_new_credentials(const ws::Error& error);
  void rest_url(std::chrono::milliseconds rest, const ws::Error& error);
  void end_dial(const ws::Error& error);
  void tell_damper_failure(const ws::Error& error);
  void tell_damped(DialDamper::Change change, const ws::Error& error);

  // upstream_reconnect.cc
  [[nodiscard]] bool may_reconnect() const;
  void lose(const ws::Error& error);
  void plan_attempt(const ws::Error& error, std::chrono::milliseconds at_least);
  void remember(std::string cause, const ws::Error& error);
  void wait();
  void give_up();
  [[nodiscard]] std::optional<TimePoint> local_deadline() const;
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  void replay();
  void become_ready();
  void send_confirming_ping();
  void tell_silence();
  void prove();
  void count_partial_message();

  // upstream.cc
  void handle_timer();
  void start_timer(TimePoint when);
  [[nodiscard]] std::size_t most_raw_bytes(std::size_t size, std::size_t room);
  ws::SendResult keep(ws::SendResult result, ws::MessageType type, std::string_view line);
  void start_close();
  void finish();

  [[nodiscard]] TimePoint now() const { return context_.loop.now(); }

  Context context_;
  UpstreamUser& user_;
  State state_ = State::kNew;
  bool is_full_ = false;
  bool was_open_ = false;
  Delivery delivery_ = Delivery::kFirst;
  std::uint16_t close_code_ = 0;  // that we end with; 0: we do not
  std::uint16_t last_close_code_ = 0;
  std::size_t url_ = 0;
  std::uint64_t unsent_bytes_ = 0;  // once it is over
  TimePoint attempt_at_{};          // while waiting
  TimePoint dialled_at_{};          // the first attempt of a row
  std::optional<ws::WebSocket> socket_;
  std::unique_ptr<Dialling> dialling_;    // while dialling
  std::unique_ptr<Reconnect> reconnect_;  // with reconnect.enabled
  std::unique_ptr<ws::Timer> timer_;      // made when first needed
};

}  // namespace wsbridged
