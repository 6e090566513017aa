// SPDX-License-Identifier: MIT
#include "load/channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace bench {

namespace {

// Several records; small enough to come from the heap and not from the kernel each time.
constexpr std::size_t kReadAhead = std::size_t{64} << 10U;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_at_once(const Descriptor& socket) {
  const int on = 1;
  checked(setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
}

int openssl_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

Channel::Transfer transfer(ssize_t result) {
  if (result > 0) {
    return {.size = static_cast<std::size_t>(result)};
  }
  return {.is_end = result == 0 || (errno != EAGAIN && errno != EINPROGRESS && errno != EINTR)};
}

}  // namespace

TlsSide::TlsSide(SSL_CTX* context, bool is_server)
    : context_(context, SSL_CTX_free), is_server_(is_server) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadAhead);
}

TlsSide TlsSide::server(const std::string& certificate, const std::string& key,
                        Resumption resumption) {
  TlsSide side(SSL_CTX_new(TLS_server_method()), true);
  SSL_CTX* context = side.context();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("cannot use the certificate " + certificate);
  }
  if (resumption == Resumption::kRefused) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
  }
  return side;
}

TlsSide TlsSide::client() {
  return {SSL_CTX_new(TLS_client_method()), false};
}

Channel::Channel(Descriptor descriptor, const TlsSide& tls)
    : descriptor_(std::move(descriptor)),
      ssl_(tls.is_on() ? SSL_new(tls.context()) : nullptr, SSL_free) {
  if (ssl_) {
    SSL_set_fd(ssl_.get(), descriptor_.number());
    tls.is_server() ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
}

Channel::Handshake Channel::shake_hands() {
  if (!ssl_) {
    return Handshake::kDone;
  }
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    return Handshake::kDone;
  }
  return judged(result).is_end ? Handshake::kFailed : Handshake::kPending;
}

Channel::Transfer Channel::judged(int result) const {
  if (result > 0) {
    return {.size = static_cast<std::size_t>(result)};
  }
  const int error = SSL_get_error(ssl_.get(), result);
  return {.is_end = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE};
}

Channel::Transfer Channel::receive(std::span<char> buffer) {
  if (ssl_) {
    return judged(SSL_read(ssl_.get(), buffer.data(), openssl_size(buffer.size())));
  }
  return transfer(recv(descriptor_.number(), buffer.data(), buffer.size(), 0));
}

// tcp(7): with MSG_TRUNC the bytes are dropped where they are.
Channel::Transfer Channel::discard(std::size_t size) {
  return transfer(recv(descriptor_.number(), nullptr, size, MSG_TRUNC));
}

Channel::Transfer Channel::send(std::string_view bytes) {
  if (ssl_) {
    return judged(SSL_write(ssl_.get(), bytes.data(), openssl_size(bytes.size())));
  }
  return transfer(::send(descriptor_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Channel::close() {
  ssl_.reset();
  descriptor_.close();
}

Descriptor dial(std::uint16_t port) {
  Descriptor socket(
      checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  send_at_once(socket);
  const sockaddr_in address = loopback(port);
  const int result =
      connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (result < 0 && errno != EINPROGRESS) {
    checked(result, "connect");
  }
  return socket;
}

Descriptor listen_anywhere() {
  Descriptor socket(
      checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  const sockaddr_in address = loopback(0);
  checked(bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
          "bind");
  checked(listen(socket.number(), SOMAXCONN), "listen");
  return socket;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  checked(getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size),
          "getsockname");
  return ntohs(address.sin_port);
}

Descriptor accept_from(const Descriptor& listener) {
  const int number = accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (number < 0 && errno != EAGAIN && errno != ECONNABORTED) {
    checked(number, "accept");
  }
  Descriptor socket(number);
  if (socket.is_open()) {
    send_at_once(socket);
  }
  return socket;
}

}  // namespace bench
