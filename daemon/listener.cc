// SPDX-License-Identifier: MIT
#include "daemon/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <event2/event.h>

#include "daemon/event_ptr.h"
#include "daemon/inherited_sockets.h"
#include "daemon/listen_target.h"
#include "daemon/listener_backoff.h"
#include "daemon/listener_socket.h"
#include "daemon/listener_tcp.h"
#include "daemon/peer.h"
#include "daemon/unix_socket.h"

namespace wsbridged {
namespace {

constexpr int kAcceptsPerTurn = 64;  // then the loop's other events have their turn

// What a failed accept() asks for.
enum class AcceptFailure : unsigned char {
  kDrained,  // nothing waits any more
  kSkip,     // that one connection is gone; accept(2) names the network errors among them
  kRest,     // no descriptor or memory; and whatever else would come back at once
};

AcceptFailure judge_accept(int system_errno) {
  switch (system_errno) {
    case EAGAIN:
      return AcceptFailure::kDrained;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall rule
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return AcceptFailure::kSkip;
    default:
      return AcceptFailure::kRest;
  }
}

void prepare_tcp(int descriptor) {
  const int on = 1;
  // Both fail only on a connection that is gone already, which its first read will tell.
  static_cast<void>(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  static_cast<void>(setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
}

}  // namespace

struct Listener::Impl {
  // Shared, because a callback may destroy the listener and with it the function that is running.
  struct Callbacks {
    OnAccept on_accept;
    OnPause on_pause;
  };

  Impl(ws::EventLoop& event_loop, ListeningSocket listening);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static void on_readable(evutil_socket_t, short, void* self) noexcept;
  void accept_some();
  void accept_one();
  void rest(int system_errno);
  void end_rest();
  void hand_over(Descriptor descriptor, const SocketAddress& remote);
  [[nodiscard]] int watch();
  [[nodiscard]] std::size_t turn_away();

  // What is left to do before anybody can connect.
  struct Bound {
    int backlog = 0;
    PortUse use = PortUse::kAlone;
  };

  ws::EventLoop& loop;
  ListeningSocket socket;
  std::optional<Bound> bound;
  EventPtr readable;
  ws::Timer rest_over;
  AcceptBackoff backoff;
  std::shared_ptr<const Callbacks> callbacks;
  std::shared_ptr<bool> is_alive = std::make_shared<bool>(true);
  bool is_paused = true;      // by the owner
  bool is_resting = false;    // by us, until rest_over
  bool is_accepting = false;  // this turn may take another connection
};

Listener::Impl::Impl(ws::EventLoop& event_loop, ListeningSocket listening)
    : loop(event_loop),
      socket(std::move(listening)),
      readable(
          event_new(loop.base(), socket.descriptor.get(), EV_READ | EV_PERSIST, on_readable, this)),
      rest_over(loop, [this] { accept_some(); }) {
  if (readable == nullptr) {
    throw std::bad_alloc();
  }
}

Listener::Impl::~Impl() {
  *is_alive = false;
}

// The owner's exception must not reach libevent: it travels through the loop's own guard instead,
// so that run() throws it.
void Listener::Impl::on_readable(evutil_socket_t /*descriptor*/, short /*what*/,
                                 void* self) noexcept {
  auto& impl = *static_cast<Impl*>(self);
  ws::EventLoop& loop = impl.loop;
  try {
    impl.accept_some();
  } catch (...) {
    loop.post([thrown = std::current_exception()] { std::rethrow_exception(thrown); });
  }
}

void Listener::Impl::accept_some() {
  const auto alive = is_alive;
  is_accepting = true;
  for (int count = 0; count < kAcceptsPerTurn; ++count) {
    accept_one();
    if (!*alive || !is_accepting || is_paused) {
      return;
    }
  }
}

// May destroy this.
void Listener::Impl::accept_one() {
  SocketAddress remote;
  remote.length = sizeof remote.storage;
  Descriptor descriptor(accept4(socket.descriptor.get(),
                                reinterpret_cast<sockaddr*>(&remote.storage), &remote.length,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int error = descriptor ? 0 : errno;
  if (error != 0 && judge_accept(error) == AcceptFailure::kRest) {
    rest(error);
    return;
  }
  const auto alive = is_alive;
  // Linux takes the descriptor before it looks at the queue, so an empty queue shows that there
  // are descriptors again.
  end_rest();
  if (!*alive) {
    return;
  }
  if (descriptor) {
    hand_over(std::move(descriptor), remote);
  } else if (judge_accept(error) == AcceptFailure::kDrained) {
    is_accepting = false;
  }
}

void Listener::Impl::rest(int system_errno) {
  is_accepting = false;
  rest_over.start(backoff.next());
  if (std::exchange(is_resting, true)) {
    return;  // told already
  }
  static_cast<void>(watch());  // no more
  const auto kept = callbacks;
  if (kept->on_pause) {
    kept->on_pause(std::generic_category().message(system_errno));
  }
}

void Listener::Impl::end_rest() {
  if (!std::exchange(is_resting, false)) {
    return;
  }
  if (watch() != 0) {
    is_resting = true;
    is_accepting = false;
    rest_over.start(backoff.next());
    return;
  }
  backoff.reset();
  const auto kept = callbacks;
  if (kept->on_pause) {
    kept->on_pause({});
  }
}

void Listener::Impl::hand_over(Descriptor descriptor, const SocketAddress& remote) {
  if (socket.kind == SocketKind::kTcp) {
    prepare_tcp(descriptor.get());
  }
  Peer peer = peer_of(descriptor.get(), remote);
  peer.is_abstract = socket.kind == SocketKind::kAbstract;
  const auto kept = callbacks;
  kept->on_accept(descriptor.release(), std::move(peer));
}

// 0, or why the loop cannot wait for connections.
int Listener::Impl::watch() {
  if (is_paused || is_resting) {
    event_del(readable.get());
    return 0;
  }
  return event_add(readable.get(), nullptr) == 0 ? 0 : std::max(errno, 1);
}

// Closing the socket resets them. How many wait is told for TCP; those of a Unix socket can only be
// taken out.
std::size_t Listener::Impl::turn_away() {
  const int descriptor = socket.descriptor.get();
  if (socket.kind == SocketKind::kTcp) {
    tcp_info info{};
    socklen_t length = sizeof info;
    const bool is_told = getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
    return is_told ? info.tcpi_unacked : 0;
  }
  std::size_t count = 0;
  while (count < kMaxTurnedAway &&
         Descriptor(accept4(descriptor, nullptr, nullptr, SOCK_CLOEXEC))) {
    ++count;
  }
  return count;
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Listener::~Listener() = default;

ws::Result<std::vector<std::unique_ptr<Listener>>> Listener::open(ws::EventLoop& loop,
                                                                  const config::Listen& listen) {
  const auto target = look_up(listen);
  if (!target) {
    return target.error();
  }
  return open(loop, {.listen = listen, .target = target.value()});
}

ws::Result<std::vector<std::unique_ptr<Listener>>> Listener::open(ws::EventLoop& loop,
                                                                  const ListenPlace& place) {
  auto listeners = bind(loop, place);
  if (listeners) {
    for (const auto& listener : listeners.value()) {
      if (auto error = listener->begin_listening()) {
        return std::move(*error);
      }
    }
  }
  return listeners;
}

ws::Result<std::vector<std::unique_ptr<Listener>>> Listener::bind(ws::EventLoop& loop,
                                                                  const ListenPlace& place) {
  const config::Listen& listen = place.listen;
  assert(!std::holds_alternative<config::SystemdAddress>(listen.address));
  if (std::holds_alternative<config::UnixAddress>(listen.address)) {
    auto socket = listen_unix(listen, std::get<UnixAccess>(place.target));
    if (!socket) {
      return socket.error();
    }
    std::vector<ListeningSocket> sockets;
    sockets.push_back(std::move(*socket));
    return adopt(loop, std::move(sockets));
  }
  auto sockets = bind_tcp(listen, std::get<std::vector<SocketAddress>>(place.target), place.use);
  if (!sockets) {
    return sockets.error();
  }
  auto listeners = adopt(loop, std::move(sockets.value()));
  for (const auto& listener : listeners) {
    listener->impl_->bound = {.backlog = listen.backlog, .use = place.use};
  }
  return listeners;
}

std::vector<std::unique_ptr<Listener>> Listener::adopt(ws::EventLoop& loop,
                                                       std::vector<ListeningSocket> sockets) {
  std::vector<std::unique_ptr<Listener>> listeners;
  listeners.reserve(sockets.size());
  for (ListeningSocket& socket : sockets) {
    listeners.push_back(
        std::unique_ptr<Listener>(new Listener(std::make_unique<Impl>(loop, std::move(socket)))));
  }
  return listeners;
}

std::optional<ws::Error> Listener::begin_listening() {
  const auto bound = std::exchange(impl_->bound, std::nullopt);
  return bound ? wsbridged::begin_listening(impl_->socket, bound->backlog, bound->use)
               : std::nullopt;
}

void Listener::start(OnAccept on_accept, OnPause on_pause) {
  impl_->callbacks = std::make_shared<const Impl::Callbacks>(
      Impl::Callbacks{std::move(on_accept), std::move(on_pause)});
  resume();
}

void Listener::pause() {
  impl_->is_paused = true;
  impl_->rest_over.stop();
  static_cast<void>(impl_->watch());  // no more
}

void Listener::resume() {
  assert(impl_->callbacks != nullptr);
  impl_->is_paused = false;
  if (impl_->is_resting) {
    impl_->rest_over.start(std::chrono::milliseconds(0));
  } else if (const int reason = impl_->watch(); reason != 0) {
    impl_->rest(reason);
  }
}

std::size_t Listener::accept_last() {
  if (impl_->socket.origin == SocketOrigin::kInherited) {
    return 0;
  }
  const auto alive = impl_->is_alive;
  if (impl_->socket.kind == SocketKind::kTcp) {
    ignore_new_clients(impl_->socket.descriptor.get());
  }
  for (int count = 0; count < kLastAccepts && !impl_->is_paused; count += kAcceptsPerTurn) {
    impl_->accept_some();
    if (!*alive) {
      return 0;
    }
    if (!impl_->is_accepting) {
      break;
    }
  }
  return impl_->turn_away();
}

bool Listener::meets(const std::vector<SocketAddress>& addresses, std::uint16_t port) const {
  if (impl_->socket.kind != SocketKind::kTcp) {
    return false;
  }
  const SocketAddress own = local_address(impl_->socket.descriptor.get());
  return std::any_of(addresses.begin(), addresses.end(), [&own, port](SocketAddress address) {
    set_port(address, port);
    return wsbridged::meets(own, address);
  });
}

void Listener::set_port_use(PortUse use) {
  if (impl_->socket.kind == SocketKind::kTcp && impl_->socket.origin == SocketOrigin::kOwn) {
    wsbridged::set_port_use(impl_->socket.descriptor.get(), use);
  }
}

std::optional<ws::Error> Listener::change(const ListenPlace& place) {
  const config::Listen& listen = place.listen;
  const ListeningSocket& socket = impl_->socket;
  if (std::holds_alternative<config::SystemdAddress>(listen.address)) {
    return refuse_remote(socket.descriptor.get(), listen);
  }
  if (::listen(socket.descriptor.get(), listen.backlog) != 0) {
    return listen_error(socket.address, "set the backlog", errno);
  }
  return socket.kind == SocketKind::kUnix
             ? change_access(listen, std::get<UnixAccess>(place.target), socket.file)
             : std::nullopt;
}

const std::string& Listener::address() const {
  return impl_->socket.address;
}

}  // namespace wsbridged
