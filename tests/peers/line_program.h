// SPDX-License-Identifier: MIT
// What the programs that only speak lines share: their connection, and sending as much of many
// lines as the socket takes.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

#include "arguments.h"

namespace peers {

inline constexpr std::size_t kReadSize = std::size_t{64} << 10U;

[[noreturn]] inline void fail(const char* what) {
  std::cout << R"({"ok": false, "end": ")" << what << ": " << std::generic_category().message(errno)
            << R"("})" << std::endl;
  std::exit(1);
}

// tcp=PORT of this host, or unix=PATH; receive-buffer=BYTES.
inline int connect_to(const Arguments& arguments) {
  const std::string path = arguments.text("unix");
  sockaddr_un local{};
  sockaddr_in internet{};
  local.sun_family = AF_UNIX;
  path.copy(local.sun_path, sizeof(local.sun_path) - 1);
  internet.sin_family = AF_INET;
  internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  internet.sin_port = htons(static_cast<std::uint16_t>(arguments.number("tcp")));
  const bool is_unix = !path.empty();
  const int descriptor = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Before connect(): the TCP window is agreed on there.
  if (const int size = static_cast<int>(arguments.number("receive-buffer")); size > 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  }
  const auto* address = is_unix ? reinterpret_cast<const sockaddr*>(&local)
                                : reinterpret_cast<const sockaddr*>(&internet);
  if (descriptor < 0 ||
      connect(descriptor, address, is_unix ? sizeof local : sizeof internet) != 0) {
    fail("connect");
  }
  return descriptor;
}

// Sends `count` lines, made when they are needed: make_line(n, line), n from 0.
template <typename MakeLine>
class LineSender {
 public:
  LineSender(std::uint64_t count, MakeLine make_line)
      : count_(count), make_line_(std::move(make_line)) {}

  [[nodiscard]] bool is_done() const { return made_ == count_ && offset_ == pending_.size(); }

  [[nodiscard]] std::uint64_t line_count() const { return made_; }

  void send_some(int descriptor) {
    if (offset_ == pending_.size()) {
      refill();
    }
    const ssize_t sent = send(descriptor, pending_.data() + offset_, pending_.size() - offset_,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      offset_ += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN) {
      fail("send");
    }
  }

 private:
  void refill() {
    pending_.clear();
    offset_ = 0;
    while (made_ < count_ && pending_.size() < kReadSize) {
      make_line_(made_++, line_);
      pending_ += line_;
      pending_ += '\n';
    }
  }

  std::uint64_t count_;
  MakeLine make_line_;
  std::uint64_t made_ = 0;
  std::string pending_;
  std::string line_;
  std::size_t offset_ = 0;
};

}  // namespace peers
