// SPDX-License-Identifier: MIT
// Bytes as they are: recv() and sendmsg() on a TCP or Unix socket.
#pragma once

#include "net/wire.h"

namespace ws::net {

enum class SocketFamily : std::uint8_t { kInternet, kUnix };

// The family of a socket. Anything but a Unix socket is taken for TCP.
[[nodiscard]] SocketFamily family_of(int descriptor);

// The failure of an open stream, from an errno.
[[nodiscard]] Error connection_lost(int system_errno);

// Uses the descriptor, does not own it.
class SocketWire final : public Wire {
 public:
  SocketWire(int descriptor, SocketFamily family) : descriptor_(descriptor), family_(family) {}

  [[nodiscard]] ReadResult read(std::span<std::byte> buffer) override;
  [[nodiscard]] WriteEnd write(ByteQueue& queue, WritePart part) override;
  [[nodiscard]] WriteEnd finish() override;
  [[nodiscard]] Error failure() const override;

 private:
  [[nodiscard]] ReadEnd end_for(int read_errno);
  [[nodiscard]] WriteEnd write_failed(int write_errno);

  int descriptor_;
  int errno_ = 0;  // of the first failure
  SocketFamily family_;
};

}  // namespace ws::net
