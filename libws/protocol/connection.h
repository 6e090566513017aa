// SPDX-License-Identifier: MIT
// A WebSocket after its opening handshake, as a pure state machine (RFC 6455 sections 5 to 7):
// bytes and the time go in, events and bytes come out. It owns no socket, clock, log or source of
// randomness.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/byte_queue.h>
#include <ws/close_code.h>
#include <ws/error.h>
#include <ws/options.h>

#include "protocol/frame.h"
#include "protocol/keepalive.h"
#include "protocol/message_assembler.h"
#include "protocol/random_source.h"

namespace ws::protocol {

struct ConnectionSettings {
  Role role = Role::kClient;
  std::size_t max_message = std::size_t{16} << 20;
  std::size_t max_empty_fragments = 1024;  // a message; flat buffers make other fragments free
  std::size_t max_queued_pongs =
      64;  // while the output is blocked; then only the latest is kept (5.5.3)
  std::chrono::milliseconds ping_interval{0};
  std::chrono::milliseconds ping_timeout{0};
  std::chrono::milliseconds close_timeout{5'000};
};

// What the peer did. Every function may call anything on the connection but receive() and
// receive_eof(), and must neither throw nor destroy it.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_message(MessageType type, std::string_view data) = 0;
  // Any pong but the answers to the keepalive's own pings.
  virtual void on_pong(std::string_view payload) = 0;
};

enum class ConnectionState : std::uint8_t {
  kOpen,
  kClosing,  // we sent Close first and wait for the peer's; messages are still delivered
  kFailing,  // we failed the connection (7.1.7): Close is queued, input is discarded
  kClosed,   // the closing handshake is complete: see close_info()
  kStopped,  // stop() was called: nothing is parsed or sent any more
};

// Not thread-safe. Never throws on what a peer sends: a violation moves it to kFailing, queues the
// matching Close frame and is told by failure(). Memory: at most max_message plus, while paused,
// the rest of the bytes of one receive().
class Connection {
 public:
  // `random` and `output` must outlive it. Frames are appended to `output`; its size tells the
  // connection whether output is blocked.
  Connection(const ConnectionSettings& settings, RandomSource& random, ByteQueue& output,
             TimePoint now);

  // Takes all of `bytes`, which it may overwrite, in any chunking. While paused they are kept.
  void receive(std::span<std::byte> bytes, TimePoint now, ConnectionEvents& events);
  // The peer's FIN. Before the closing handshake completed it is a failure (1006).
  void receive_eof();
  // `output` has been sent in whole or in part: a pong that was held back may now follow it.
  // receive(), send() and handle_deadline() try that as well, so without this call it is only late.
  void output_drained();
  // Stops the parser before the next frame, also from inside an event; the keepalive rests.
  void pause(TimePoint now);
  void resume(TimePoint now, ConnectionEvents& events);

  [[nodiscard]] bool is_paused() const { return paused_; }

  // True when taken: only in kOpen, and text only when it is valid UTF-8.
  enum class Sent : std::uint8_t { kYes, kNotOpen, kInvalidUtf8 };
  [[nodiscard]] Sent send(MessageType type, std::string_view data);
  bool ping(std::string_view payload);  // false unless kOpen and at most 125 bytes
  // Starts the closing handshake (7.1.2). See WebSocket::close for what becomes of bad arguments.
  void close(std::uint16_t code, std::string_view reason, TimePoint now);
  void stop();

  // When handle_deadline() is to be called; nullopt: never. Grows as bytes arrive, so a timer set
  // for an earlier deadline needs no touch: when it fires, ask again.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  // Sends a ping, gives up waiting for a pong (ping_timeout) or for the peer's Close
  // (close_timeout).
  void handle_deadline(TimePoint now);

  [[nodiscard]] ConnectionState state() const { return state_; }

  // Set once and for good; kOpen phase. After kFailing, and after an EOF or a time-out that ended
  // it.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  [[nodiscard]] const CloseInfo& close_info() const { return close_info_; }

  [[nodiscard]] std::uint64_t received_bytes() const { return received_payload_; }

  [[nodiscard]] std::chrono::microseconds ping_round_trip() const {
    return keepalive_.round_trip();
  }

 private:
  struct Failure {
    ErrorCode code;
    std::uint16_t close_code;
    std::string_view rule;  // a literal: it goes to the peer as the reason too
    std::string numbers{};  // what was seen and allowed, for our side alone
  };

  // Parsing (connection_receive.cc). Those with a span return what they left of it.
  [[nodiscard]] bool is_parsing() const { return !paused_ && state_ <= ConnectionState::kClosing; }

  [[nodiscard]] std::span<std::byte> parse(std::span<std::byte> bytes, ConnectionEvents& events);
  [[nodiscard]] std::span<std::byte> take_frame(std::span<std::byte> bytes,
                                                ConnectionEvents& events);
  std::span<std::byte> take_header(std::span<std::byte> bytes);
  [[nodiscard]] std::span<std::byte> take_split_header(std::span<std::byte> bytes);
  [[nodiscard]] std::span<std::byte> take_payload(std::span<std::byte> bytes,
                                                  ConnectionEvents& events);
  void end_frame(ConnectionEvents& events);
  void handle_whole_frame(std::span<std::byte> payload, ConnectionEvents& events);
  void handle_control(std::span<const std::byte> payload, ConnectionEvents& events);
  void handle_close(std::span<const std::byte> payload);
  [[nodiscard]] bool append_data(std::span<const std::byte> payload);
  void end_data(ConnectionEvents& events);
  bool accept(MessageAssembler::Outcome outcome);  // false: the connection has failed

  // Sending (connection_send.cc).
  void send_frame(Opcode opcode, std::span<const std::byte> payload);
  void send_close(std::uint16_t code, std::string_view reason);
  void answer_ping(std::span<const std::byte> payload);
  void send_held_pong();
  [[nodiscard]] bool may_send_pong();

  // Ends (connection.cc).
  void fail(const Failure& failure);
  void fail_with_eof();
  void set_failure(ErrorCode code, std::string message);

  ConnectionSettings settings_;
  RandomSource& random_;
  ByteQueue& output_;
  ConnectionState state_ = ConnectionState::kOpen;
  bool paused_ = false;
  bool is_parse_running_ = false;
  bool is_in_payload_ = false;  // of frame_
  bool is_eof_kept_ = false;    // an EOF behind the kept bytes

  FrameHeader frame_;
  std::uint64_t payload_taken_ = 0;
  std::uint8_t split_header_size_ = 0;
  std::array<std::byte, kMaxFrameHeader> split_header_{};  // a header that came in pieces
  std::array<std::byte, kMaxControlPayload> control_{};    // the same for a control payload
  MessageAssembler assembler_;
  std::vector<std::byte> kept_;  // received and not parsed, while paused
  std::size_t kept_parsed_ = 0;  // of kept_

  std::uint64_t received_payload_ = 0;
  std::uint64_t sent_ = 0;         // all bytes ever appended to output_
  std::uint64_t pongs_end_ = 0;    // sent_ behind the last pong
  std::size_t waiting_pongs_ = 0;  // at most max_queued_pongs, none sent since the first
  std::optional<std::string> held_pong_;

  Keepalive keepalive_;
  TimePoint now_;  // of the call under way
  TimePoint close_deadline_{};
  std::optional<Error> failure_;
  CloseInfo close_info_;
};

}  // namespace ws::protocol
