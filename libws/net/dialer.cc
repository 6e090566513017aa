// SPDX-License-Identifier: MIT
// The steps of a dial, one after the other: look-up, race, TLS.
#include "net/dialer.h"

#include <optional>
#include <utility>

#include "net/connect_race.h"
#include "net/loop_context.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace ws::net {

class Dialer::Impl {
 public:
  Impl(EventLoop& loop, DialTarget target, Callback on_done)
      : loop_(loop), target_(std::move(target)), on_done_(std::move(on_done)) {
    start();
  }

  [[nodiscard]] Phase phase() const { return phase_; }

  [[nodiscard]] std::string progress() const;

 private:
  void start();
  void resolve();
  void connect(const std::vector<Address>& addresses);
  void connected(ConnectedSocket socket);
  void secure(Descriptor descriptor);
  void succeed(std::unique_ptr<Stream> stream);
  void fail_later(Error error);
  void finish(Result<Dialled> result);

  [[nodiscard]] const std::string& server_name() const {
    return target_.server_name.empty() ? target_.host : target_.server_name;
  }

  EventLoop& loop_;
  DialTarget target_;
  Callback on_done_;
  Phase phase_ = Phase::kResolve;
  std::string remote_address_;
  // One of these at a time, for the phase that is under way.
  std::unique_ptr<Timer> failure_;
  std::unique_ptr<Resolver::Request> request_;
  std::unique_ptr<ConnectRace> race_;
  std::unique_ptr<TlsHandshake> handshake_;
};

void Dialer::Impl::start() {
  if (!target_.unix_path.empty()) {
    phase_ = Phase::kConnect;
    if (const auto address = unix_address(target_.unix_path)) {
      connect({*address});
    } else {
      fail_later({.phase = Phase::kConnect,
                  .code = ErrorCode::kConnectFailed,
                  .message = "connect to unix:" + target_.unix_path +
                             ": the path is longer than 107 bytes"});
    }
  } else if (const auto address = parse_address_literal(target_.host, target_.port)) {
    connect({*address});
  } else {
    resolve();
  }
}

void Dialer::Impl::resolve() {
  request_ = loop_.context().resolver()->resolve(
      loop_, target_.host, target_.port, [this](Result<std::vector<Address>> result) {
        request_.reset();
        if (!result) {
          finish(result.error());
        } else if (result->empty()) {
          finish(Error{.phase = Phase::kResolve,
                       .code = ErrorCode::kResolveFailed,
                       .message = "resolve " + target_.host + ": the name has no address"});
        } else {
          connect(*result);
        }
      });
}

void Dialer::Impl::connect(const std::vector<Address>& addresses) {
  phase_ = Phase::kConnect;
  race_ = std::make_unique<ConnectRace>(loop_, addresses, [this](Result<ConnectedSocket> result) {
    race_.reset();
    if (!result) {
      finish(result.error());
    } else {
      connected(std::move(*result));
    }
  });
}

void Dialer::Impl::connected(ConnectedSocket socket) {
  remote_address_ = to_string(socket.address);
  if (target_.secure) {
    secure(std::move(socket.descriptor));
  } else {
    succeed(adopt_socket(loop_, socket.descriptor.release()));
  }
}

void Dialer::Impl::secure(Descriptor descriptor) {
  phase_ = Phase::kTls;
  handshake_ =
      std::make_unique<TlsHandshake>(loop_, descriptor.release(), target_.tls_context,
                                     server_name(), [this](Result<std::unique_ptr<Stream>> result) {
                                       handshake_.reset();
                                       if (!result) {
                                         finish(result.error());
                                       } else {
                                         succeed(std::move(*result));
                                       }
                                     });
}

void Dialer::Impl::succeed(std::unique_ptr<Stream> stream) {
  finish(Dialled{.stream = std::move(stream), .remote_address = std::move(remote_address_)});
}

void Dialer::Impl::fail_later(Error error) {
  failure_ = std::make_unique<Timer>(loop_, [this, error = std::move(error)] { finish(error); });
  failure_->start(std::chrono::milliseconds(0));
}

void Dialer::Impl::finish(Result<Dialled> result) {
  const Callback on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

std::string Dialer::Impl::progress() const {
  switch (phase_) {
    case Phase::kResolve:
      return "resolving " + target_.host;
    case Phase::kTls:
      return "negotiating TLS with " + server_name() + " at " + remote_address_;
    default:
      return race_ != nullptr ? race_->progress() : "connecting";
  }
}

Dialer::Dialer(EventLoop& loop, DialTarget target, Callback on_done)
    : impl_(std::make_unique<Impl>(loop, std::move(target), std::move(on_done))) {}

Dialer::~Dialer() = default;

Phase Dialer::phase() const {
  return impl_->phase();
}

std::string Dialer::progress() const {
  return impl_->progress();
}

}  // namespace ws::net
