// SPDX-License-Identifier: MIT
// An ordered, reliable byte stream on a loop: TCP, a Unix socket, or TLS over either. It knows
// neither frames nor lines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <ws/byte_queue.h>
#include <ws/error.h>
#include <ws/export.h>
#include <ws/tls_info.h>

namespace ws {
class EventLoop;
}

/// Byte streams below the WebSocket, for programs that need them beside it.
namespace ws::net {

/// How a peer ended its direction of a stream.
enum class Eof : std::uint8_t {
  kClean,      ///< FIN, for TLS after its close_notify
  kTruncated,  ///< TLS only: FIN without close_notify, so bytes may have been cut off
};

/// Who uses a stream. Every function may destroy the stream, pause it, or call anything on it.
class WS_EXPORT StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  /// Bytes as they came, valid and writable during the call; all are taken. Not called while
  /// paused.
  virtual void on_data(std::span<std::byte> bytes) = 0;
  /// The peer will send no more; it may still read. Once, after the last on_data.
  virtual void on_eof(Eof eof) = 0;

  /// The queue had been above high water and has fallen to half of it or less.
  virtual void on_drained() {}

  /// The peer will send no more, noticed while reading is paused: bytes it wrote before may still
  /// wait to be read, resume_reading() delivers them, then on_eof. Once.
  virtual void on_eof_ahead() {}

  /// A hang-up noticed while reading is paused or after on_eof: the peer will neither send nor
  /// read. (Unix: it closed its socket; TCP: it sent a reset.) Bytes it wrote before may still wait
  /// to be read: resume_reading() delivers them, then on_eof. Once.
  virtual void on_hang_up() {}

  /// Everything appended to output() has been given to the kernel. Called only after
  /// notify_when_sent().
  virtual void on_sent() {}

  /// The stream is broken (reset, write failed): nothing can be sent any more, and everything that
  /// had been received was delivered first. Once, and last.
  virtual void on_failure(const Error& error) = 0;
};

/// Belongs to its loop's thread. Destroying it closes the descriptor at once, without flushing.
/// Memory: what output() holds, and nothing while it is empty.
class WS_EXPORT Stream {
 public:
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Must be set before reading is resumed; must outlive the stream or be replaced.
  virtual void set_handler(StreamHandler* handler) = 0;

  /// Append here, then call flush_soon(): what a turn appended goes out in one go at its end, or
  /// when 32 KiB have gathered.
  [[nodiscard]] virtual ByteQueue& output() = 0;
  /// Has output() sent when this turn of the loop ends.
  virtual void flush_soon() = 0;
  /// Bytes in output() above which on_drained() will be told. 0, the default: never.
  virtual void set_high_water(std::size_t bytes) = 0;
  /// Asks for one on_sent(), in a later turn.
  virtual void notify_when_sent() = 0;

  /// A new stream is paused.
  virtual void resume_reading() = 0;
  /// No on_data() and no on_eof() until resume_reading().
  virtual void pause_reading() = 0;
  /// Resumed, and not paused since?
  [[nodiscard]] virtual bool is_reading() const = 0;

  /// Sends FIN (for TLS close_notify first) once output() has gone. Nothing may be appended after.
  virtual void shutdown_write() = 0;
  /// Closes at once; on TCP the peer sees a reset. No callback follows.
  virtual void abort() = 0;

  /// Bytes given to the kernel that the peer's has not taken yet (SIOCOUTQ); 0 when unknown.
  [[nodiscard]] virtual std::size_t unacknowledged() const = 0;

  /// Bytes that came and that the kernel keeps until they are read (FIONREAD); 0 when unknown.
  [[nodiscard]] virtual std::size_t unread() const { return 0; }

  /// Has the peer closed both directions (poll's POLLHUP)? A Unix peer that only shut down its
  /// writing has not.
  [[nodiscard]] virtual bool is_hung_up() const = 0;

  /// What TLS turned out to be; nullopt for a stream without it. Computed when it is asked for.
  [[nodiscard]] virtual std::optional<TlsInfo> tls_info() const { return std::nullopt; }

  /// Has on_eof() or on_failure() been called (or abort())? No data will follow.
  [[nodiscard]] virtual bool has_ended() const { return false; }

 protected:
  Stream() = default;
};

/// Takes ownership of a connected, non-blocking socket.
WS_EXPORT [[nodiscard]] std::unique_ptr<Stream> adopt_socket(EventLoop& loop, int descriptor);

/// Ends a stream that nobody needs any more, in the background: sends what is queued, then FIN,
/// reads and discards until the peer's FIN or until `limit` has passed, and closes. Its handler is
/// not called again.
WS_EXPORT void close_gracefully(EventLoop& loop, std::unique_ptr<Stream> stream,
                                std::chrono::milliseconds limit);

}  // namespace ws::net
