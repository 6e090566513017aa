// SPDX-License-Identifier: MIT
// How OpenSSL reaches the socket: a BIO that raises no SIGPIPE, remembers how a direction ended,
// and never blocks OpenSSL on writing.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <ws/byte_queue.h>

#include "net/tls_handles.h"

namespace ws::net {

// The socket under a BIO, and what became of it. Does not own the descriptor.
//
// What the socket does not take at once waits in `unsent`, so that for OpenSSL every write
// succeeds: with a record of ours half written, its SSL_read() fails ("bad length") when it has to
// answer a key update (RFC 8446 section 4.6.3). Who writes calls send_unsent() first and adds
// nothing before it is empty; what OpenSSL adds by itself is limited to kMaxUnsent.
//
// What one recv() brings waits in `ahead` and is handed out in portions: OpenSSL moves all that it
// holds to the front of its buffer before each record that has 128 bytes or more. With 64 KiB there
// and records of 1 KiB, each byte could be moved 30 times.
struct TlsSocket {
  static constexpr std::size_t kMaxUnsent = std::size_t{64} << 10;
  static constexpr std::size_t kReadAhead = std::size_t{64} << 10;  // many records a system call
  static constexpr std::size_t kPortion = std::size_t{4} << 10;

  // Sends what waits; true when nothing does any more.
  bool send_unsent();

  // Received, and not yet taken by OpenSSL. Never after a read that waits for the socket.
  [[nodiscard]] bool has_ahead() const { return ahead != nullptr; }

  ByteQueue unsent{};
  std::unique_ptr<std::byte[]> ahead{};  // of kReadAhead bytes, while some of them are left
  std::span<const std::byte> ahead_left{};
  int descriptor = -1;
  int read_errno = 0;       // of the failed read, after which there is no other
  int write_errno = 0;      // of the failed write; later ones are swallowed
  int first_byte = -1;      // received: tells TLS from what is not
  bool has_eof = false;     // the peer's FIN was read
  bool is_drained = false;  // the last read emptied the socket: cleared to allow another
};

// Empty when there is no memory.
[[nodiscard]] BioMethodHandle make_bio_method();

// A BIO on `socket`, which must outlive it.
[[nodiscard]] BIO* make_bio(const BIO_METHOD* method, TlsSocket& socket);

}  // namespace ws::net
