// SPDX-License-Identifier: MIT
// A WebSocket after its opening handshake, as a pure state machine (RFC 6455 sections 5 to 7):
// bytes and the time go in, events and bytes come out. It owns no socket, clock, log or source of
// randomness.
#pragma once

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

#include "protocol/message_assembler.h"
#include "protocol/random_source.h"

namespace ws::protocol {

using TimePoint = std::chrono::steady_clock::time_point;

// A client masks what it sends and refuses masked frames; a server the reverse (section 5.1).
enum class Role : std::uint8_t { kClient, kServer };

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

// What the peer did. Every function may call anything on the connection but receive() and resume().
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_message(MessageType type, std::string_view data) = 0;
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
  // Stops the parser before the next message, also from inside an event; the deadlines rest.
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

  [[nodiscard]] std::uint64_t received_bytes() const;

  [[nodiscard]] std::chrono::microseconds ping_round_trip() const { return round_trip_; }

 private:
  // The owner of protocol/ fills this in.
  ConnectionState state_ = ConnectionState::kOpen;
  bool paused_ = false;
  std::optional<Error> failure_;
  CloseInfo close_info_;
  std::chrono::microseconds round_trip_{0};
};

}  // namespace ws::protocol
