// SPDX-License-Identifier: MIT
#include "support/echo_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include <event2/event.h>

#include <ws/net/stream.h>

#include "net/loop_context.h"
#include "protocol/connection.h"
#include "protocol/server_handshake.h"

namespace ws::test {
namespace {

constexpr std::size_t kHighWater = std::size_t{1} << 20;
constexpr std::chrono::seconds kCloseLimit{5};

}  // namespace

class EchoServer::Session : private net::StreamHandler, private protocol::ConnectionEvents {
 public:
  Session(EventLoop& loop, int descriptor)
      : loop_(loop), stream_(net::adopt_socket(loop, descriptor)) {
    stream_->set_handler(this);
    stream_->set_high_water(kHighWater);
    stream_->resume_reading();
  }

 private:
  void on_data(std::span<std::byte> bytes) override {
    if (connection_) {
      connection_->receive(bytes, loop_.now(), *this);
      settle();
      return;
    }
    request_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto answer = protocol::answer_request(request_);
    stream_->output().append(answer.response);
    if (answer.progress == protocol::ServerHandshakeResult::Progress::kOpen) {
      open(answer.consumed);
    }
    settle();
  }

  void open(std::size_t consumed) {
    protocol::ConnectionSettings settings;
    settings.role = protocol::Role::kServer;
    connection_.emplace(settings, loop_.context().random(), stream_->output(), loop_.now());
    const auto rest = std::as_writable_bytes(std::span(request_)).subspan(consumed);
    connection_->receive(rest, loop_.now(), *this);
  }

  void settle() {
    stream_->flush_soon();
    if (connection_ && connection_->state() > protocol::ConnectionState::kClosing) {
      net::close_gracefully(loop_, std::move(stream_), kCloseLimit);
    } else if (connection_ && stream_->output().size() > kHighWater) {
      stream_->pause_reading();
    }
  }

  void on_message(MessageType type, std::string_view data) override {
    (void)connection_->send(type, data);
  }

  void on_pong(std::string_view) override {}

  void on_drained() override { stream_->resume_reading(); }

  void on_eof(net::Eof) override { stream_.reset(); }

  void on_failure(const Error&) override { stream_.reset(); }

  EventLoop& loop_;
  std::unique_ptr<net::Stream> stream_;
  std::string request_;
  std::optional<protocol::Connection> connection_;
};

EchoServer::EchoServer(EventLoop& loop)
    : loop_(loop),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      accept_event_(event_new(loop.base(), listener_, EV_READ | EV_PERSIST,
                              &EchoServer::handle_accept, this)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_, raw, length) != 0 || ::listen(listener_, SOMAXCONN) != 0 ||
      ::getsockname(listener_, raw, &length) != 0) {
    throw std::runtime_error("echo server: cannot listen");
  }
  port_ = ntohs(address.sin_port);
  event_add(accept_event_, nullptr);
}

EchoServer::~EchoServer() {
  event_free(accept_event_);
  ::close(listener_);
}

std::string EchoServer::url() const {
  return "ws://127.0.0.1:" + std::to_string(port_) + "/";
}

void EchoServer::handle_accept(int descriptor, short, void* self) noexcept {
  auto& server = *static_cast<EchoServer*>(self);
  server.loop_.context().guard([&] {
    const int accepted = ::accept4(descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      server.sessions_.push_back(std::make_unique<Session>(server.loop_, accepted));
    }
  });
}

}  // namespace ws::test
