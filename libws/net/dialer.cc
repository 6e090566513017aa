// SPDX-License-Identifier: MIT
// The steps of a dial, one after the other: look-up, race, proxy, TLS.
#include "net/dialer.h"

#include <optional>
#include <utility>

#include <ws/opening_details.h>

#include "net/connect_race.h"
#include "net/loop_context.h"
#include "net/phase_clock.h"
#include "net/proxy_tunnel.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace ws::net {

class Dialer::Impl {
 public:
  Impl(EventLoop& loop, DialTarget target, Callback on_done)
      : loop_(loop), target_(std::move(target)), on_done_(std::move(on_done)) {
    if (target_.tls.server_name.empty()) {
      target_.tls.server_name = target_.host;
    }
    if (target_.proxy != nullptr) {
      proxy_ = target_.proxy->proxy();
    }
    start();
  }

  [[nodiscard]] Phase phase() const { return phase_; }

  [[nodiscard]] OpeningTimes times() const { return clock_.times(loop_.now()); }

  [[nodiscard]] std::string progress() const;
  [[nodiscard]] std::optional<Error> give_up();

 private:
  void start();
  void enter(Phase phase);
  void resolve();
  void connect(const std::vector<Address>& addresses);
  void connected(ConnectedSocket socket);
  void ask_proxy(Descriptor descriptor);
  void reached(Descriptor descriptor);
  void secure(Descriptor descriptor);
  void succeed(std::unique_ptr<Stream> stream);
  void fail_later(Error error);
  void fail(Error error);
  void finish(Result<Dialled> result);
  [[nodiscard]] std::vector<Address> given_addresses() const;

  EventLoop& loop_;
  DialTarget target_;
  Callback on_done_;
  Phase phase_ = Phase::kResolve;
  PhaseClock clock_;
  std::string proxy_;  // its host and port, empty: none
  std::string remote_address_;
  // One of these at a time, for the phase that is under way.
  std::unique_ptr<Timer> failure_;
  std::unique_ptr<Resolver::Request> request_;
  std::unique_ptr<ConnectRace> race_;
  std::unique_ptr<ProxyTunnel> tunnel_;
  std::unique_ptr<TlsHandshake> handshake_;
};

void Dialer::Impl::start() {
  if (OpeningDetails* const details = loop_.context().opening_details()) {
    *details = {.dials = details->dials + 1, .proxy = proxy_};
  }
  if (!target_.unix_path.empty()) {
    enter(Phase::kConnect);
    if (const auto address = unix_address(target_.unix_path)) {
      connect({*address});
    } else {
      fail_later({.phase = Phase::kConnect,
                  .code = ErrorCode::kConnectFailed,
                  .message = "connect to unix:" + target_.unix_path +
                             ": the path is longer than 107 bytes"});
    }
  } else if (const auto addresses = given_addresses(); !addresses.empty()) {
    connect(addresses);
  } else if (const auto address = parse_address_literal(target_.host, target_.port)) {
    connect({*address});
  } else {
    resolve();
  }
}

std::vector<Address> Dialer::Impl::given_addresses() const {
  std::vector<Address> addresses;
  for (const std::string& text : target_.addresses) {
    if (const auto address = parse_address_literal(text, target_.port)) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

void Dialer::Impl::enter(Phase phase) {
  phase_ = phase;
  clock_.begin(phase, loop_.now());
}

void Dialer::Impl::resolve() {
  enter(Phase::kResolve);
  if (OpeningDetails* const details = loop_.context().opening_details()) {
    details->looked_up = target_.host;
  }
  request_ = loop_.context().resolver()->resolve(
      loop_, target_.host, target_.port, [this](Result<std::vector<Address>> result) {
        request_.reset();
        if (!result) {
          fail(result.error());
        } else if (result->empty()) {
          fail({.phase = Phase::kResolve,
                .code = ErrorCode::kResolveFailed,
                .message = "resolve " + target_.host + ": the name has no address"});
        } else {
          connect(*result);
        }
      });
}

void Dialer::Impl::connect(const std::vector<Address>& addresses) {
  enter(Phase::kConnect);
  if (OpeningDetails* const details = loop_.context().opening_details()) {
    for (const Address& address : addresses) {
      details->addresses.push_back(to_string(address));
    }
  }
  race_ = std::make_unique<ConnectRace>(loop_, addresses, [this](Result<ConnectedSocket> result) {
    race_.reset();
    if (!result) {
      fail(result.error());
    } else {
      connected(std::move(*result));
    }
  });
}

void Dialer::Impl::connected(ConnectedSocket socket) {
  remote_address_ = to_string(socket.address);
  if (target_.proxy != nullptr) {
    ask_proxy(std::move(socket.descriptor));
  } else {
    reached(std::move(socket.descriptor));
  }
}

void Dialer::Impl::ask_proxy(Descriptor descriptor) {
  enter(Phase::kProxy);
  tunnel_ = std::make_unique<ProxyTunnel>(loop_, std::move(descriptor), std::move(target_.proxy),
                                          [this](Result<Descriptor> result) {
                                            tunnel_.reset();
                                            if (!result) {
                                              finish(result.error());
                                            } else {
                                              reached(std::move(*result));
                                            }
                                          });
}

void Dialer::Impl::reached(Descriptor descriptor) {
  if (target_.secure) {
    secure(std::move(descriptor));
  } else {
    succeed(adopt_socket(loop_, descriptor.release()));
  }
}

void Dialer::Impl::secure(Descriptor descriptor) {
  enter(Phase::kTls);
  handshake_ = std::make_unique<TlsHandshake>(loop_, descriptor.release(), target_.tls,
                                              [this](Result<std::unique_ptr<Stream>> result) {
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

// A name or a connection that failed, which are the proxy's when there is one.
void Dialer::Impl::fail(Error error) {
  if (!proxy_.empty()) {
    error.message = "proxy " + proxy_ + ": " + error.message;
  }
  finish(std::move(error));
}

void Dialer::Impl::finish(Result<Dialled> result) {
  const Callback on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

std::string Dialer::Impl::progress() const {
  switch (phase_) {
    case Phase::kResolve:
      return "resolving " + target_.host;
    case Phase::kProxy:
      return tunnel_ != nullptr ? tunnel_->progress() : "asking the proxy " + proxy_;
    case Phase::kTls:
      return "negotiating TLS with " + target_.tls.server_name + " at " + remote_address_;
    default:
      return race_ != nullptr ? race_->progress() : "connecting";
  }
}

std::optional<Error> Dialer::Impl::give_up() {
  return tunnel_ != nullptr ? tunnel_->give_up() : std::nullopt;
}

Dialer::Dialer(EventLoop& loop, DialTarget target, Callback on_done)
    : impl_(std::make_unique<Impl>(loop, std::move(target), std::move(on_done))) {}

Dialer::~Dialer() = default;

Phase Dialer::phase() const {
  return impl_->phase();
}

OpeningTimes Dialer::times() const {
  return impl_->times();
}

std::string Dialer::progress() const {
  return impl_->progress();
}

std::optional<Error> Dialer::give_up() {
  return impl_->give_up();
}

}  // namespace ws::net
