// SPDX-License-Identifier: MIT
// Sockets, their options, and connect() on the loop.
#include "net/connect_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#include <event2/event.h>

#include "net/loop_context.h"

namespace ws::net {
namespace {

void set_option(int descriptor, int level, int option) {
  const int on = 1;
  // Neither option is worth failing a connection for.
  (void)setsockopt(descriptor, level, option, &on, sizeof on);
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    ::close(number_);
  }
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

int Descriptor::release() noexcept {
  return std::exchange(number_, -1);
}

std::optional<Address> unix_address(const std::string& path) {
  sockaddr_un socket{};
  if (path.empty() || path.size() >= sizeof socket.sun_path) {
    return std::nullopt;
  }
  socket.sun_family = AF_UNIX;
  std::memcpy(socket.sun_path, path.data(), path.size());
  std::size_t length = offsetof(sockaddr_un, sun_path) + path.size();
  if (path.front() == '@') {
    socket.sun_path[0] = '\0';  // an abstract name: its length counts, there is no terminator
  } else {
    ++length;
  }
  Address address;
  std::memcpy(&address.storage, &socket, sizeof socket);
  address.length = static_cast<socklen_t>(length);
  return address;
}

bool is_self_connected(int descriptor) {
  sockaddr_storage local{};
  sockaddr_storage remote{};
  socklen_t local_length = sizeof local;
  socklen_t remote_length = sizeof remote;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &local_length) != 0 ||
      getpeername(descriptor, reinterpret_cast<sockaddr*>(&remote), &remote_length) != 0) {
    return false;
  }
  return local.ss_family != AF_UNIX && local_length == remote_length &&
         std::memcmp(&local, &remote, local_length) == 0;
}

void ConnectingSocket::FreeEvent::operator()(event* item) const noexcept {
  event_free(item);
}

ConnectingSocket::ConnectingSocket(EventLoop& loop, const Address& address, Callback on_done)
    : loop_(loop), address_(address), on_done_(std::move(on_done)) {
  const int error = open_socket();
  event_.reset(
      event_new(loop_.base(), descriptor_.get(), EV_WRITE, &ConnectingSocket::handle_event, this));
  if (event_ == nullptr) {
    throw std::bad_alloc();
  }
  if (error != 0) {
    finish_later(error);
  } else {
    connect();
  }
}

ConnectingSocket::~ConnectingSocket() = default;

int ConnectingSocket::open_socket() {
  const int family = address_.storage.ss_family;
  descriptor_ = Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (descriptor_.get() < 0) {
    return errno;
  }
  if (family != AF_UNIX) {
    set_option(descriptor_.get(), IPPROTO_TCP, TCP_NODELAY);
    set_option(descriptor_.get(), SOL_SOCKET, SO_KEEPALIVE);
  }
  return 0;
}

void ConnectingSocket::connect() {
  const auto* address = reinterpret_cast<const sockaddr*>(&address_.storage);
  if (::connect(descriptor_.get(), address, address_.length) == 0) {
    finish_later(0);
  } else if (errno == EINPROGRESS || errno == EINTR) {
    event_add(event_.get(), nullptr);
  } else if (errno == EAGAIN && address_.storage.ss_family == AF_UNIX) {
    // unix(7): the backlog is full, and no event tells when it is not.
    if (retry_ == nullptr) {
      retry_ = std::make_unique<Timer>(loop_, [this] { connect(); });
    }
    retry_->start(kUnixRetryDelay);
  } else {
    finish_later(errno);
  }
}

void ConnectingSocket::finish_later(int error) {
  known_outcome_ = error;
  event_active(event_.get(), EV_WRITE, 0);
}

int ConnectingSocket::outcome() const {
  if (known_outcome_) {
    return *known_outcome_;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
    return errno;
  }
  if (error == 0 && is_self_connected(descriptor_.get())) {
    return ECONNREFUSED;
  }
  return error;
}

void ConnectingSocket::handle_event(int, short, void* self) noexcept {
  auto& socket = *static_cast<ConnectingSocket*>(self);
  socket.loop_.context().guard([&socket] {
    const Callback on_done = std::move(socket.on_done_);
    on_done(socket.outcome());  // may destroy the socket
  });
}

}  // namespace ws::net
