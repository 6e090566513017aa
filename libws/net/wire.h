// SPDX-License-Identifier: MIT
// How the bytes of a stream pass its socket: as they are, or as TLS records. SocketStream knows
// when to read and write; a Wire knows how, and calls nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <ws/byte_queue.h>
#include <ws/error.h>
#include <ws/tls_info.h>

namespace ws::net {

// What the socket must become before a blocked write can go on: a renegotiation has to read first.
enum class Wait : std::uint8_t { kReadable, kWritable };

enum class ReadEnd : std::uint8_t {
  kMore,       // there may be more to read at once
  kBlocked,    // nothing more until the socket is readable
  kEof,        // the peer ended its direction
  kTruncated,  // TLS: the same, but without close_notify
  kFailed,     // see failure()
};

struct ReadResult {
  std::size_t size = 0;  // bytes read; what `end` says comes after them
  ReadEnd end = ReadEnd::kBlocked;
};

enum class WritePart : std::uint8_t {
  kAll,
  kWholeRecords,  // more is to come in this turn: a TLS record that it could fill is left in the
                  // queue
};

enum class WriteEnd : std::uint8_t {
  kDone,
  kMore,     // this turn's share is used up
  kBlocked,  // see write_wait()
  kFailed,   // see failure(); reading goes on as if nothing had happened
};

class Wire {
 public:
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Reads into `buffer`, at most one turn's share. An end is reported again by every later call.
  [[nodiscard]] virtual ReadResult read(std::span<std::byte> buffer) = 0;
  // Sends from the front of `queue`, at most one turn's share, and drops there what was sent.
  [[nodiscard]] virtual WriteEnd write(ByteQueue& queue, WritePart part) = 0;
  // Ends our direction, the queue being empty. kDone, kBlocked or kFailed.
  [[nodiscard]] virtual WriteEnd finish() = 0;

  [[nodiscard]] virtual Wait write_wait() const { return Wait::kWritable; }

  // Does the wire itself still hold bytes to send? Then write() is called, with an empty queue too.
  [[nodiscard]] virtual bool has_unsent() const { return false; }

  // Could read() have something to say although the socket shows nothing new?
  [[nodiscard]] virtual bool has_buffered_input() const { return false; }

  // Of a TLS connection only.
  [[nodiscard]] virtual std::optional<TlsInfo> tls_info() const { return std::nullopt; }

  // The first failure of either direction.
  [[nodiscard]] virtual Error failure() const = 0;

 protected:
  Wire() = default;
};

}  // namespace ws::net
