// SPDX-License-Identifier: MIT
// One local connection and its upstream WebSocket, from accept to the log entry at the end.
//
// The order of an end is always the same: the cause is recorded once (the first wins), the upstream
// is closed and still delivers what it has, and only then the local side is ended. When the local
// side is gone first, the upstream is closed after everything read has been sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "daemon/bridge.h"
#include "daemon/cookie_problems.h"
#include "daemon/idle_watch.h"
#include "daemon/line_framer.h"
#include "daemon/line_message.h"
#include "daemon/line_writer.h"
#include "daemon/listener.h"
#include "daemon/local_ending.h"
#include "daemon/log.h"
#include "daemon/memory_watch.h"
#include "daemon/metrics.h"
#include "daemon/recent_errors.h"
#include "daemon/session_cookies.h"
#include "daemon/session_report.h"
#include "daemon/snapshot.h"
#include "daemon/tap.h"
#include "daemon/template.h"
#include "daemon/upstream.h"

namespace wsbridged {

// Belongs to its loop's thread. Memory: see SPEC's bound; the constant is one receive buffer of
// 256 KiB each way, as what was read before a pause is still taken.
class Session final : private ws::net::StreamHandler,
                      private LineSink,
                      private UpstreamUser,
                      private MemoryHolder {
 public:
  // What the sessions of a bridge on one loop share; it outlives them.
  struct Environment {
    ws::EventLoop& loop;
    Log& log;
    // Asked for each dial; null: none.
    std::function<std::shared_ptr<ws::CookieJar>(Bridge&, const TemplateValues&)> jar;
    CookieProblems& cookie_problems;
    BridgeTotals& totals;  // of the bridge on this worker
    RecentErrors& errors;
    MemoryWatch* memory = nullptr;  // null: limits.memory sets no limit
    std::function<void(Session&)>
        on_finished;  // once, last; it must not destroy the session at once
  };

  struct Local {
    std::unique_ptr<ws::net::Stream> stream;
    Peer peer;
  };

  // Starts to dial, unless the configuration waits for the local program's first byte.
  Session(const Environment& environment, SessionSlot slot, std::uint64_t id, Local local);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // End (1001, local FIN) as soon as the buffers are empty and nothing moved for `quiet`.
  void drain(std::chrono::milliseconds quiet);
  // End now (1001), giving what is buffered to sides that still take it.
  void end_for_shutdown();
  // End at once; what is still buffered is counted as unsent. Calls on_finished.
  void abort();

  // limits.memory was set by a reload: what it holds counts from now on.
  void limit_memory(MemoryWatch& watch);
  // On an operator's wish: ends it as end_for_shutdown() does, but in bounded time; the second time
  // as abort().
  void kill();
  // Shows its lines from now on, until the watcher leaves.
  void add_tap(std::shared_ptr<Tap> tap);

  [[nodiscard]] const SessionName& name() const { return name_; }

  // From on_finished on.
  [[nodiscard]] const SessionReport& report() const { return *report_; }

  // For whoever looks from outside: session_view.cc
  [[nodiscard]] SessionView view() const;
  // What is live of it: its lines so far, its buffers.
  void add_to(BridgeTotals& totals) const;

 private:
  // Local side: session_local.cc
  void on_data(std::span<std::byte> bytes) override;
  void on_eof(ws::net::Eof eof) override;
  void on_drained() override;
  void on_eof_ahead() override;
  void on_hang_up() override;
  void on_failure(const ws::Error& error) override;
  std::size_t on_lines(std::span<const std::string_view> lines) override;
  [[nodiscard]] std::size_t pass_on_watched(std::span<const std::string_view> lines);
  [[nodiscard]] bool pass_on(std::string_view line);
  [[nodiscard]] bool account_for(std::string_view line, const SentLine& sent);
  void count_up(std::span<const std::string_view> lines);
  bool refuse_line();
  void drop_line(DropReason reason);
  void frame(std::span<const std::byte> bytes);
  void check_framer(FramerState state);
  void hold(std::span<const std::byte> bytes);
  void frame_held();
  void finish_framer();
  void handle_local_eof();
  void drop_final_part();
  [[nodiscard]] bool has_room_to_hold() const;
  void update_local_reading();
  void local_gone(std::string cause);

  // Upstream side: session_upstream.cc
  void dial();
  [[nodiscard]] DialTarget dial_target(std::size_t url) override;
  void on_upstream_open(Opened opened) override;
  void on_upstream_ready() override;
  void on_upstream_messages(std::span<const ws::Message> messages) override;
  void on_upstream_lost() override;

  void on_upstream_read() override { note_memory(); }

  void on_upstream_close(const ws::CloseInfo& info) override;
  void on_upstream_error(const ws::Error& error) override;
  void update_upstream_reading();
  void tell_cookie_problems();
  void send_on_open_lines();
  void forget_dial();
  // Of the last dial, without user information and query; empty before.
  [[nodiscard]] std::string upstream_url() const;
  void write_messages(std::span<const ws::Message> messages);
  std::size_t write_plain(std::span<const ws::Message> messages);
  [[nodiscard]] Written::Refused write_message(const ws::Message& message);
  void drop_messages(std::size_t count);
  void refuse_message(Written::Refused why);
  void drop_message(DropReason reason);

  // limits.memory: session_memory.cc
  [[nodiscard]] Holdings holdings() const override;
  void handle_memory_change() override;
  void note_memory();
  [[nodiscard]] bool may_read(Direction direction) const;

  // Its life: session.cc
  void end(SessionEnd cause);  // records the first
  void close_upstream(std::uint16_t code, SessionEnd cause);
  void close_in_time(std::uint16_t code, SessionEnd cause);
  void give_up_closing();
  void upstream_ended();
  void note_upstream();
  void end_local();
  void tell_error();
  void handle_idle();
  void finish();
  // Everything but the lines: made when the first of it is to be noted.
  [[nodiscard]] SessionReport& report_so_far();

  // What moves while a session waits for replies after local EOF.
  struct DrainMark {
    std::uint64_t received = 0;  // from the upstream
    std::size_t local_waiting = 0;
    std::size_t upstream_waiting = 0;
    bool operator==(const DrainMark&) const = default;
  };

  [[nodiscard]] DrainMark drain_mark() const;
  void start_drain_timer();
  void handle_drain_timer();
  void handle_quiet_timer();
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::uint64_t activity() const;

  // For whoever looks from outside: session_view.cc
  void tell_taps(Direction direction, std::string_view line);
  void end_taps();
  void remember_error() const;
  // "waiting" (for the program's first byte, or for its turn to dial), "connecting", "open",
  // "reconnecting" (the first attempt failed or the connection was lost; waiting included),
  // "closing", "ending".
  [[nodiscard]] std::string_view state() const;
  [[nodiscard]] std::size_t buffered_bytes_up() const;
  [[nodiscard]] std::size_t buffered_bytes_down() const;
  [[nodiscard]] std::uint64_t unconfirmed_bytes() const;

  [[nodiscard]] const config::Bridge& settings() const { return slot_.bridge()->settings(); }

  const Environment& environment_;
  SessionSlot slot_;
  SessionName name_;
  ws::EventLoop::Clock::time_point started_;
  DirectionCounters up_;
  DirectionCounters down_;
  std::unique_ptr<SessionReport> report_;

  std::unique_ptr<ws::net::Stream> local_;  // null once it is gone or being ended
  std::unique_ptr<LocalEnding> local_ending_;
  bool is_unix_ = false;
  bool is_local_eof_ = false;
  LineFramer framer_;
  const LineWriter& writer_;
  // Read while the upstream could not take it: one read, during an outage `buffer` and one read.
  std::vector<std::byte> held_;
  bool is_framer_finished_ = false;
  bool is_local_full_ = false;       // above session.buffer
  std::unique_ptr<IdleWatch> idle_;  // null: no idle_timeout
  std::uint64_t idle_mark_ = 0;      // bytes that waited at its last look

  std::unique_ptr<SessionCookies> cookies_;          // while dialling, and when there are some
  std::shared_ptr<const BridgeSnapshot> dialled_;    // what the last dial was made of
  std::unique_ptr<TemplateValues> template_values_;  // while there may be another dial
  std::unique_ptr<std::string> filled_url_;          // of the last dial, if templates made it
  Upstream upstream_;
  bool is_dialled_ = false;  // or was to be
  bool was_open_ = false;
  bool is_down_cut_ = false;  // a message was refused: none after it may pass
  bool is_closing_ = false;   // no more lines are taken
  bool is_finished_ = false;

  std::unique_ptr<ws::Timer> drain_timer_;  // after local EOF
  std::unique_ptr<ws::Timer> quiet_timer_;  // during shutdown
  std::unique_ptr<ws::Timer> close_timer_;  // while the upstream closes in bounded time
  std::vector<std::shared_ptr<Tap>> taps_;  // at most AdminService::kMaxTaps
  DrainMark drain_mark_;                    // at the last look
  ws::EventLoop::Clock::time_point last_message_;
  ws::EventLoop::Clock::duration drain_silence_{};  // on connections before this one
  std::uint64_t quiet_mark_ = 0;
  std::chrono::milliseconds quiet_{0};
  std::unique_ptr<MemoryAccount> memory_;  // null: limits.memory sets no limit
};

}  // namespace wsbridged
