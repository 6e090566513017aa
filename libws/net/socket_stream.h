// SPDX-License-Identifier: MIT
// A Stream on a descriptor: when to read, write and wait, and what to tell the handler in which
// order. How bytes pass the socket (plain or TLS) is its Wire's affair.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <ws/net/stream.h>

#include "net/loop_context.h"
#include "net/socket_wire.h"
#include "net/wire.h"

namespace ws::net {

// All work happens in two calls from the loop, on_event() and flush(); everything a user calls only
// changes flags and asks for a flush. So no handler function is ever called from inside a call.
//
// One libevent event carries whatever is waited for. While reading it is level-triggered. While
// not reading, the peer's end is watched for with an edge-triggered one: level-triggered, EV_CLOSED
// would fire without end on a peer that has only shut down its writing.
class SocketStream final : public Stream, private Flushable {
 public:
  // Takes the descriptor: connected and non-blocking.
  SocketStream(LoopContext& context, int descriptor, std::unique_ptr<Wire> wire);
  ~SocketStream() override;
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  void set_handler(StreamHandler* handler) override;

  [[nodiscard]] ByteQueue& output() override { return output_; }

  void flush_soon() override;
  void set_high_water(std::size_t bytes) override;
  void notify_when_sent() override;
  void resume_reading() override;
  void pause_reading() override;

  [[nodiscard]] bool is_reading() const override { return reading_ && !ended_; }

  void shutdown_write() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override;
  [[nodiscard]] std::size_t unread() const override;
  [[nodiscard]] bool is_hung_up() const override;

  [[nodiscard]] std::optional<TlsInfo> tls_info() const override { return wire_->tls_info(); }

  [[nodiscard]] bool has_ended() const override { return ended_ || dead_; }

 private:
  class Turn;

  static void on_event(evutil_socket_t descriptor, short what, void* self) noexcept;
  void handle_event(short what);
  void flush() override;

  // The steps of a turn. After any of them the stream may be gone: ask the Turn.
  void receive(const Turn& turn);
  void deliver_end(ReadEnd end);
  void send_output(const Turn& turn);
  void write_output(WritePart part);
  void finish_output();
  void tell_sent(const Turn& turn);
  void notice_end(const Turn& turn);
  [[nodiscard]] short poll_ends() const;
  [[nodiscard]] bool tells_hang_up(short ends) const;
  void begin_to_fail();
  void drain(const Turn& turn);
  void fail();
  void tell_hang_up();

  // What to wait for, brought up to date once at the end of each turn.
  void settle();
  [[nodiscard]] short interest() const;
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] bool owes_drained() const;
  [[nodiscard]] bool owes_sent() const;
  void wait_for(short events);
  void cannot_wait(int reason);

  [[nodiscard]] bool may_receive() const {
    return reading_ && !ended_ && !failing_ && handler_ != nullptr;
  }

  [[nodiscard]] bool has_output() const { return !output_.empty() || wire_->has_unsent(); }

  void note_high_water();

  void schedule() { context_.flush_at_end_of_turn(*this); }

  LoopContext& context_;
  StreamHandler* handler_ = nullptr;
  Turn* turn_ = nullptr;  // while the loop is in here
  std::unique_ptr<Wire> wire_;
  event event_{};  // in place: there are two for each session of a relay
  ByteQueue output_;
  std::size_t high_water_ = 0;
  int descriptor_;
  int wait_errno_ = 0;  // why the loop cannot wait for the socket
  short events_ = 0;    // what event_ waits for, 0 when it does not
  const SocketFamily family_;
  bool reading_ = false;
  bool ended_ = false;    // on_eof was called
  bool failing_ = false;  // a write failed; what was received comes first, then on_failure
  bool dead_ = false;     // on_failure was called, or abort()
  bool blocked_ = false;  // output waits for the socket
  bool above_high_water_ = false;
  bool wants_sent_ = false;
  bool wants_fin_ = false;
  bool sent_fin_ = false;
  bool told_eof_ahead_ = false;
  bool told_hang_up_ = false;
};

}  // namespace ws::net
