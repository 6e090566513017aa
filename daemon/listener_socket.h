// SPDX-License-Identifier: MIT
// A bound and listening socket, whatever its family, and the one wording of what went wrong while
// it was made. It accepts nothing: that is Listener.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <ws/error.h>

#include "daemon/unix_socket_file.h"

namespace wsbridged {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int value) : value_(value) {}

  ~Descriptor();

  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return value_; }

  [[nodiscard]] int release() { return std::exchange(value_, -1); }

  explicit operator bool() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

enum class SocketKind : unsigned char { kTcp, kUnix, kAbstract };

// Who else has it.
enum class SocketOrigin : unsigned char {
  kOwn,
  kInherited,  // whoever passed it: it lives on there, queue and options included
};

struct ListeningSocket {
  Descriptor descriptor;
  std::string address;  // as Listener::address()
  SocketKind kind = SocketKind::kTcp;
  UnixSocketFile file{};  // after the descriptor: removed before the socket stops answering
  SocketOrigin origin = SocketOrigin::kOwn;
};

// "cannot listen on ADDRESS: WHAT". `system_errno` is 0 when no system call is to blame; else its
// text follows.
[[nodiscard]] ws::Error listen_error(std::string_view address, std::string_view what,
                                     int system_errno = 0);

// Of an address that other machines reach, without allow_remote.
[[nodiscard]] ws::Error remote_error(std::string_view address, const std::string& host);

}  // namespace wsbridged
