// SPDX-License-Identifier: MIT
// A WebSocket after its opening handshake, as a pure state machine (RFC 6455 sections 5 to 7):
// bytes and the time go in, events and bytes come out. It owns no socket, clock, log or source of
// randomness.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/byte_queue.h>
#include <ws/close_code.h>
#include <ws/error.h>
#include <ws/options.h>

#include "protocol/deflate.h"
#include "protocol/frame.h"
#include "protocol/keepalive.h"
#include "protocol/message_assembler.h"
#include "protocol/random_source.h"

namespace ws::protocol {

struct ConnectionSettings {
  Role role = Role::kClient;
  std::size_t max_message = std::size_t{16} << 20;  // inflated
  std::size_t max_frame = 0;                        // as it is sent; 0: no limit
  std::size_t max_empty_fragments = 1024;  // a message; flat buffers make other fragments free
  std::size_t max_queued_pongs =
      64;  // while the output is blocked; then only the latest is kept (5.5.3)
  std::chrono::milliseconds ping_interval{0};
  std::chrono::milliseconds ping_timeout{0};
  std::chrono::milliseconds close_timeout{5'000};
  std::optional<DeflateSettings> deflate{};  // permessage-deflate, when it was agreed on
};

// What the peer did. Every function may call anything on the connection but receive() and
// receive_eof(), and must neither throw nor destroy it.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_message(MessageType type, std::string_view data) = 0;

  // Asked before each: shall messages that lie whole in what was received be told together, with
  // nothing between them and at most what a MessageBatch holds? All others come by on_message.
  [[nodiscard]] virtual bool takes_batches() const { return false; }

  // At least one. What is called on the connection from inside counts after the last of them.
  virtual void on_messages(std::span<const Message> /*messages*/) {}

  // Asked when a message begins that is not at hand whole and uncompressed: shall its pieces be
  // told as they come (on_chunk), or be put together (on_message)?
  [[nodiscard]] virtual bool takes_chunks() const { return false; }

  virtual void on_chunk(const MessageChunk& /*chunk*/) {}

  // Any pong but the answers to the keepalive's own pings.
  virtual void on_pong(std::string_view payload) = 0;

  // The keepalive's last ping was answered.
  virtual void on_round_trip(std::chrono::microseconds /*round_trip*/) {}
};

enum class ConnectionState : std::uint8_t {
  kOpen,
  kClosing,  // we sent Close first and wait for the peer's; messages are still delivered
  kFailing,  // we failed the connection (7.1.7): Close is queued, input is discarded
  kClosed,   // the closing handshake is complete: see close_info()
  kStopped,  // stop() was called: nothing is parsed or sent any more
};

// Not thread-safe. Never throws on what a peer sends: a violation moves it to kFailing, queues the
// matching Close frame and is told by failure(). Memory: at most max_message (nothing of it for
// messages told in chunks) plus, while paused, the rest of the bytes of one receive(), plus 16 KiB
// while a message is being written, plus the contexts of permessage-deflate: see memory_held().
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

  [[nodiscard]] bool is_pong_held() const { return held_pong_ != nullptr; }

  // Stops the parser before the next frame, also from inside an event; the keepalive rests.
  void pause(TimePoint now);
  void resume(TimePoint now, ConnectionEvents& events);

  [[nodiscard]] bool is_paused() const { return paused_; }

  // Taken only in kOpen, while no message is being written, and text only when it is valid UTF-8.
  enum class Sent : std::uint8_t { kYes, kNotOpen, kInvalidUtf8 };
  enum class Compress : std::uint8_t { kNever, kIfLongEnough };
  [[nodiscard]] Sent send(MessageType type, std::string_view data,
                          Compress compress = Compress::kIfLongEnough);

  // As many calls of send(), up to the first message that is not taken: `sent` says why it was not.
  // kYes then: it could have made the output longer than `output_limit`.
  struct BatchSent {
    std::size_t taken = 0;
    Sent sent = Sent::kYes;
  };

  [[nodiscard]] BatchSent send_batch(MessageType type, std::span<const std::string_view> messages,
                                     Compress compress, std::size_t output_limit);

  // A message of unknown length, in pieces; one at a time. It goes out in frames of 16 to 64 KiB,
  // so up to 16 KiB wait here for more. False: not open, or one is begun already.
  [[nodiscard]] bool start_message(MessageType type, Compress compress = Compress::kIfLongEnough);
  // kNotOpen: there is no message begun, or the connection is not open any more. kInvalidUtf8:
  // nothing of `data` was taken; for finish(), the text ends within a character and is not ended.
  [[nodiscard]] Sent write(std::string_view data);
  [[nodiscard]] Sent finish();
  // The message will not be finished: without it, the connection is of no use if a part of it has
  // gone out, and is closed with 1011.
  void abandon_message(TimePoint now);

  [[nodiscard]] bool is_writing() const { return outgoing_ != nullptr; }

  // No call of send(), write() or finish() with `size` bytes appends more than this to the output.
  [[nodiscard]] std::size_t most_sent(std::size_t size) const;
  // Can no such call make the output longer than `output_limit`?
  [[nodiscard]] bool has_room_for(std::size_t size, std::size_t output_limit) const;

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
  // it; nullptr before.
  [[nodiscard]] const Error* failure() const { return failure_.get(); }

  // In kClosed.
  [[nodiscard]] CloseInfo close_info() const {
    return close_info_ != nullptr ? *close_info_ : CloseInfo{};
  }

  [[nodiscard]] const ConnectionSettings& settings() const { return settings_; }

  // Payload of data frames, as it was sent (compressed, if it was).
  [[nodiscard]] std::uint64_t received_bytes() const { return received_payload_; }

  // Bytes of memory held beyond the object itself and the output.
  [[nodiscard]] std::size_t memory_held() const;
  // Of them, those of an unfinished message and of what waits for resume().
  [[nodiscard]] std::size_t input_held() const;

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

  // A message that is being written.
  struct Outgoing {
    Opcode opcode = Opcode::kText;  // of the next frame
    Compress compress = Compress::kNever;
    bool is_text = false;
    bool is_begun = false;       // some of it has been given to the compressor or the output
    bool is_compressed = false;  // from then on
    Utf8Validator utf8{};
    std::vector<std::byte> waiting{};  // for a full frame
  };

  // Parsing (connection_receive.cc). Those with a span return what they left of it.
  [[nodiscard]] bool is_parsing() const { return !paused_ && state_ <= ConnectionState::kClosing; }

  [[nodiscard]] bool is_compressed_frame() const {
    return frame_.is_compressed ||
           (frame_.opcode == Opcode::kContinuation && assembler_.is_compressed());
  }

  [[nodiscard]] std::span<std::byte> parse(std::span<std::byte> bytes, ConnectionEvents& events);
  [[nodiscard]] std::span<std::byte> take_frame(std::span<std::byte> bytes,
                                                ConnectionEvents& events);
  std::span<std::byte> take_header(std::span<std::byte> bytes);
  [[nodiscard]] std::span<std::byte> take_split_header(std::span<std::byte> bytes);
  [[nodiscard]] std::span<std::byte> take_payload(std::span<std::byte> bytes,
                                                  ConnectionEvents& events);
  void handle_whole_frame(std::span<std::byte> payload, ConnectionEvents& events);
  // connection_receive_batch.cc
  [[nodiscard]] bool may_batch(const ConnectionEvents& events) const;
  [[nodiscard]] std::span<std::byte> take_batch(std::span<std::byte> bytes,
                                                ConnectionEvents& events);
  void take_control_piece(std::span<const std::byte> piece, std::uint64_t offset,
                          ConnectionEvents& events);
  void handle_control(std::span<const std::byte> payload, ConnectionEvents& events);
  void handle_pong(std::string_view payload, ConnectionEvents& events);
  void handle_close(std::span<const std::byte> payload);
  bool begin_data(const ConnectionEvents& events);  // false: the connection has failed
  void deliver(std::span<const std::byte> piece, Fin fin, ConnectionEvents& events);
  void deliver_chunk(std::span<const std::byte> piece, Fin fin, ConnectionEvents& events);
  // False: the connection has failed. `size` is what was judged.
  bool accept(MessageAssembler::Outcome outcome, std::uint64_t size);

  // permessage-deflate (connection_deflate.cc).
  [[nodiscard]] std::span<std::byte> inflate_payload(std::span<std::byte> bytes,
                                                     ConnectionEvents& events);
  [[nodiscard]] bool may_compress(Compress compress, std::size_t size) const;
  void send_deflated(Outgoing& message, std::span<const std::byte> input, Fin fin);

  // Many messages at once (connection_send_batch.cc).
  [[nodiscard]] std::size_t send_together(MessageType type,
                                          std::span<const std::string_view> messages,
                                          std::size_t size);

  // Sending (connection_send.cc, connection_writer.cc).
  void send_frame(FrameHeader header, std::span<const std::byte> payload);
  void send_fragment(Outgoing& message, std::span<const std::byte> payload, Fin fin);
  void send_close(std::uint16_t code, std::string_view reason);
  void send_part(std::span<const std::byte> part, Fin fin);
  void answer_ping(std::span<const std::byte> payload);
  void send_held_pong();
  [[nodiscard]] bool may_send_pong();
  void send_keepalive_ping();

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
  bool must_inflate_ = false;   // of frame_ more can be told without further bytes
  bool is_streamed_ = false;    // the message under way is told in chunks
  bool is_chunk_told_ = false;  // the first of them
  bool is_eof_kept_ = false;    // an EOF behind the kept bytes

  FrameHeader frame_;
  std::uint64_t payload_taken_ = 0;
  std::uint8_t split_header_size_ = 0;
  std::array<std::byte, kMaxFrameHeader> split_header_{};  // a header that came in pieces
  MessageAssembler assembler_;
  // These only while they are needed: an idle connection is to be small.
  std::unique_ptr<std::array<std::byte, kMaxControlPayload>> control_;  // one that came in pieces
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Deflater> deflater_;
  std::unique_ptr<Outgoing> outgoing_;
  std::vector<std::byte> kept_;  // received and not parsed, while paused
  std::size_t kept_parsed_ = 0;  // of kept_

  std::uint64_t received_payload_ = 0;
  std::uint64_t sent_ = 0;         // all bytes ever appended to output_
  std::uint64_t pongs_end_ = 0;    // sent_ behind the last pong
  std::uint64_t ping_end_ = 0;     // the same of the keepalive's last ping
  std::size_t waiting_pongs_ = 0;  // at most max_queued_pongs, none sent since the first
  std::unique_ptr<const std::string> held_pong_;

  Keepalive keepalive_;
  TimePoint now_;  // of the call under way
  TimePoint close_deadline_{};
  std::unique_ptr<const Error> failure_;  // these two when it is over
  std::unique_ptr<const CloseInfo> close_info_;
};

}  // namespace ws::protocol
