// SPDX-License-Identifier: MIT
#include "net/tls_bio.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

namespace ws::net {

namespace {

TlsSocket& socket_of(BIO* bio) {
  return *static_cast<TlsSocket*>(BIO_get_data(bio));
}

// Of a recv() that brought nothing.
int end_of_read(BIO* bio, ssize_t received) {
  TlsSocket& socket = socket_of(bio);
  if (received == 0) {
    socket.has_eof = true;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    BIO_set_retry_read(bio);
  } else {
    socket.read_errno = errno;
  }
  socket.ahead.reset();
  return static_cast<int>(received);
}

// recv()'s result: behind it there is something, or end_of_read() is to be called.
ssize_t receive_ahead(TlsSocket& socket) {
  socket.ahead = std::make_unique_for_overwrite<std::byte[]>(TlsSocket::kReadAhead);
  ssize_t received = 0;
  do {
    received = recv(socket.descriptor, socket.ahead.get(), TlsSocket::kReadAhead, 0);
  } while (received < 0 && errno == EINTR);
  if (received <= 0) {
    return received;
  }
  const auto size = static_cast<std::size_t>(received);
  socket.ahead_left = {socket.ahead.get(), size};
  socket.is_drained = size < TlsSocket::kReadAhead;
  if (socket.first_byte < 0) {
    socket.first_byte = std::to_integer<int>(socket.ahead_left.front());
  }
  return received;
}

int hand_out(TlsSocket& socket, char* buffer, std::size_t size) {
  const auto portion =
      socket.ahead_left.first(std::min({size, socket.ahead_left.size(), TlsSocket::kPortion}));
  std::memcpy(buffer, portion.data(), portion.size());
  socket.ahead_left = socket.ahead_left.subspan(portion.size());
  if (socket.ahead_left.empty()) {
    socket.ahead.reset();
  }
  return static_cast<int>(portion.size());
}

int read_from_socket(BIO* bio, char* buffer, int size) {
  TlsSocket& socket = socket_of(bio);
  BIO_clear_retry_flags(bio);
  if (!socket.has_ahead()) {
    if (socket.is_drained) {  // saves a recv() that would answer EAGAIN
      BIO_set_retry_read(bio);
      return -1;
    }
    const ssize_t received = receive_ahead(socket);
    if (received <= 0) {
      return end_of_read(bio, received);
    }
  }
  return hand_out(socket, buffer, static_cast<std::size_t>(size));
}

// Bytes that the socket takes now: 0 when it is full, or broken (write_errno).
std::size_t send_now(TlsSocket& socket, std::span<const std::byte> bytes) {
  ssize_t sent = 0;
  do {
    sent = send(socket.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
    socket.write_errno = errno;
  }
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

// A failed write is told as success and kept in write_errno: for OpenSSL a failure would end both
// directions, and with it what the peer sent before.
int write_to_socket(BIO* bio, const char* data, int size) {
  TlsSocket& socket = socket_of(bio);
  BIO_clear_retry_flags(bio);
  auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
  if (socket.write_errno == 0 && socket.unsent.empty()) {
    bytes = bytes.subspan(send_now(socket, bytes));
  }
  if (socket.unsent.size() + bytes.size() > TlsSocket::kMaxUnsent) {
    socket.write_errno = ENOBUFS;
  }
  if (socket.write_errno == 0) {
    socket.unsent.append(bytes);
  }
  return size;
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return socket_of(bio).has_eof ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace

bool TlsSocket::send_unsent() {
  while (!unsent.empty() && write_errno == 0) {
    const std::size_t sent = send_now(*this, unsent.front());
    if (sent == 0) {
      break;
    }
    unsent.consume(sent);
  }
  return unsent.empty();
}

BioMethodHandle make_bio_method() {
  BioMethodHandle method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ws socket"));
  if (method) {
    BIO_meth_set_read(method.get(), read_from_socket);
    BIO_meth_set_write(method.get(), write_to_socket);
    BIO_meth_set_ctrl(method.get(), control);
  }
  return method;
}

BIO* make_bio(const BIO_METHOD* method, TlsSocket& socket) {
  BIO* const bio = BIO_new(method);
  if (bio != nullptr) {
    BIO_set_data(bio, &socket);
    BIO_set_init(bio, 1);
  }
  return bio;
}

}  // namespace ws::net
