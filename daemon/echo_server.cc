// SPDX-License-Identifier: MIT
#include "daemon/echo_server.h"

#include <list>
#include <stdexcept>
#include <utility>

#include "config/config.h"
#include "daemon/echo_server_session.h"
#include "daemon/listener.h"

namespace wsbridged {

class EchoServer::Impl {
 public:
  Impl(ws::EventLoop& loop, std::chrono::milliseconds request_limit);

  [[nodiscard]] const std::string& address() const { return listener_->address(); }

  [[nodiscard]] std::size_t connection_count() const { return sessions_.size(); }

 private:
  using Sessions = std::list<std::unique_ptr<EchoSession>>;
  void admit(int descriptor);
  void remove(Sessions::iterator session);

  ws::EventLoop& loop_;
  std::chrono::milliseconds request_limit_;
  std::unique_ptr<Listener> listener_;
  Sessions sessions_;
};

EchoServer::Impl::Impl(ws::EventLoop& loop, std::chrono::milliseconds request_limit)
    : loop_(loop), request_limit_(request_limit) {
  config::Listen listen;
  listen.address = config::TcpAddress{.host = "127.0.0.1", .port = 0};
  auto opened = Listener::open(loop, listen);
  if (!opened) {
    throw std::runtime_error("echo server: " + opened.error().message);
  }
  listener_ = std::move(opened->front());
  // Out of descriptors its clients wait; whoever runs the echo server sees the same error himself.
  listener_->start([this](int descriptor, const Peer& /*peer*/) { admit(descriptor); }, {});
}

void EchoServer::Impl::admit(int descriptor) {
  const auto place = sessions_.emplace(sessions_.end());
  *place = std::make_unique<EchoSession>(loop_, descriptor, request_limit_,
                                         [this, place] { remove(place); });
  if (sessions_.size() == kMaxConnections) {
    listener_->pause();
  }
}

void EchoServer::Impl::remove(Sessions::iterator session) {
  if (sessions_.size() == kMaxConnections) {
    listener_->resume();
  }
  sessions_.erase(session);
}

EchoServer::EchoServer(ws::EventLoop& loop, std::chrono::milliseconds request_limit)
    : impl_(std::make_unique<Impl>(loop, request_limit)) {}

EchoServer::~EchoServer() = default;

std::string EchoServer::url() const {
  return "ws://" + impl_->address() + "/";
}

std::size_t EchoServer::connection_count() const {
  return impl_->connection_count();
}

}  // namespace wsbridged
