// SPDX-License-Identifier: MIT
#include "net/socket_wire.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace ws::net {

namespace {

constexpr std::size_t kSegmentsPerCall = 16;
// What one stream may send in a turn before the others have theirs.
constexpr std::size_t kSocketShare = std::size_t{1} << 20;

ssize_t receive(int descriptor, std::span<std::byte> buffer) {
  ssize_t size = 0;
  do {
    size = recv(descriptor, buffer.data(), buffer.size(), 0);
  } while (size < 0 && errno == EINTR);
  return size;
}

// The front of the queue as an I/O vector.
struct Segments {
  explicit Segments(const ByteQueue& queue) {
    std::array<std::span<const std::byte>, kSegmentsPerCall> spans;
    count = queue.gather(spans);
    for (std::size_t i = 0; i < count; ++i) {
      // sendmsg() does not write through it: POSIX has no iovec of constants.
      vector[i] = {const_cast<std::byte*>(spans[i].data()), spans[i].size()};
      size += spans[i].size();
    }
  }

  std::array<iovec, kSegmentsPerCall> vector{};
  std::size_t count = 0;
  std::size_t size = 0;
};

ssize_t send(int descriptor, Segments& segments) {
  msghdr message{};
  message.msg_iov = segments.vector.data();
  message.msg_iovlen = segments.count;
  ssize_t size = 0;
  do {
    size = sendmsg(descriptor, &message, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  return size;
}

bool is_would_block(int system_errno) {
  return system_errno == EAGAIN || system_errno == EWOULDBLOCK;
}

}  // namespace

SocketFamily family_of(int descriptor) {
  int domain = 0;
  socklen_t size = sizeof domain;
  const bool known = getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;
  return known && domain == AF_UNIX ? SocketFamily::kUnix : SocketFamily::kInternet;
}

Error connection_lost(int system_errno) {
  return {.phase = Phase::kOpen,
          .code = ErrorCode::kConnectionLost,
          .message = "connection lost: " + std::system_category().message(system_errno),
          .system_errno = system_errno};
}

ReadResult SocketWire::read(std::span<std::byte> buffer) {
  const ssize_t size = receive(descriptor_, buffer);
  if (size > 0) {
    return {static_cast<std::size_t>(size), ReadEnd::kMore};
  }
  if (size < 0) {
    return {0, end_for(errno)};
  }
  // A reset that a write has already collected leaves a plain end of file behind: not the peer's.
  const bool was_reset = errno_ == ECONNRESET && family_ == SocketFamily::kInternet;
  return {0, was_reset ? ReadEnd::kFailed : ReadEnd::kEof};
}

ReadEnd SocketWire::end_for(int read_errno) {
  if (is_would_block(read_errno)) {
    return ReadEnd::kBlocked;
  }
  if (read_errno == ECONNRESET && family_ == SocketFamily::kUnix) {
    // The peer closed without having read all we sent. What it wrote has come whole, which is all
    // that an end of file says.
    return ReadEnd::kEof;
  }
  errno_ = errno_ == 0 ? read_errno : errno_;
  return ReadEnd::kFailed;
}

WriteEnd SocketWire::write(ByteQueue& queue, WritePart /*part*/) {
  std::size_t sent = 0;
  while (!queue.empty()) {
    if (sent >= kSocketShare) {
      return WriteEnd::kMore;
    }
    Segments segments(queue);
    const ssize_t size = send(descriptor_, segments);
    if (size < 0) {
      return write_failed(errno);
    }
    queue.consume(static_cast<std::size_t>(size));
    sent += static_cast<std::size_t>(size);
    if (static_cast<std::size_t>(size) < segments.size) {
      return WriteEnd::kBlocked;
    }
  }
  return WriteEnd::kDone;
}

WriteEnd SocketWire::write_failed(int write_errno) {
  if (is_would_block(write_errno)) {
    return WriteEnd::kBlocked;
  }
  errno_ = errno_ == 0 ? write_errno : errno_;
  return WriteEnd::kFailed;
}

WriteEnd SocketWire::finish() {
  // ENOTCONN, after a reset: reading tells.
  shutdown(descriptor_, SHUT_WR);
  return WriteEnd::kDone;
}

Error SocketWire::failure() const {
  return connection_lost(errno_);
}

}  // namespace ws::net
