// SPDX-License-Identifier: MIT
#include "daemon/listener_tcp.h"

#include <poll.h>

#include <cerrno>
#include <string>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

TEST_CASE("listener_tcp: a name gives every address that it resolves to, with one port") {
  const auto sockets = listen_tcp(tcp_listen("localhost"));
  REQUIRE(sockets);
  REQUIRE_FALSE(sockets.value().empty());
  const auto port = port_of(local_address(sockets.value().front().descriptor.get()));
  CHECK(port != 0);
  for (const auto& socket : sockets.value()) {
    const auto local = local_address(socket.descriptor.get());
    CHECK(is_loopback(local));
    CHECK(port_of(local) == port);
    CHECK(connect_to(local));
  }
}

TEST_CASE("listener_tcp: ':PORT' is every address of IPv4 and, where there is one, of IPv6") {
  auto listen = tcp_listen("");
  listen.allow_remote = true;
  const auto sockets = listen_tcp(listen);
  REQUIRE(sockets);
  CHECK_THAT(sockets.value().front().address, StartsWith("0.0.0.0:"));
  const bool has_v6 = static_cast<bool>(Descriptor(socket(AF_INET6, SOCK_STREAM, 0)));
  REQUIRE(sockets.value().size() == (has_v6 ? 2 : 1));
  CHECK_THAT(sockets.value().back().address, StartsWith(has_v6 ? "[::]:" : "0.0.0.0:"));
  CHECK(port_of(local_address(sockets.value().front().descriptor.get())) ==
        port_of(local_address(sockets.value().back().descriptor.get())));
  CHECK(connect_to(loopback(sockets.value().front().address)));
}

TEST_CASE("listener_tcp: what other machines can reach needs allow_remote") {
  const std::string host = GENERATE("", "0.0.0.0", "::", "192.0.2.1");
  const auto sockets = listen_tcp(tcp_listen(host));
  REQUIRE_FALSE(sockets);
  CHECK_THAT(sockets.error().message, ContainsSubstring("allow_remote: true"));
}

TEST_CASE("listener_tcp: a port that is taken is an error that names it, and nothing stays bound") {
  const auto first = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(first);
  const auto port = port_of(local_address(first.value().front().descriptor.get()));
  const auto second = listen_tcp(tcp_listen("127.0.0.1", port));
  REQUIRE_FALSE(second);
  CHECK(second.error().system_errno == EADDRINUSE);
  CHECK_THAT(second.error().message,
             StartsWith("cannot listen on 127.0.0.1:" + std::to_string(port)) &&
                 ContainsSubstring("another program listens there"));
}

TEST_CASE("listener_tcp: two may share a port for a moment, then each has it alone") {
  const auto first = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(first);
  const int descriptor = first.value().front().descriptor.get();
  auto wide = tcp_listen("", port_of(local_address(descriptor)));
  wide.allow_remote = true;
  const auto addresses = look_up_tcp(wide);
  REQUIRE(addresses);
  CHECK_FALSE(listen_tcp(wide, addresses.value(), PortUse::kShared));  // the first does not agree
  set_port_use(descriptor, PortUse::kShared);
  CHECK_FALSE(listen_tcp(wide, addresses.value()));  // nor does the second
  const auto second = listen_tcp(wide, addresses.value(), PortUse::kShared);
  set_port_use(descriptor, PortUse::kAlone);
  REQUIRE(second);
  CHECK_FALSE(listen_tcp(wide));
}

TEST_CASE("listener_tcp: one that ignores new clients keeps those that it has") {
  const auto sockets = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(sockets);
  const int listening = sockets.value().front().descriptor.get();
  const SocketAddress address = local_address(listening);
  const Descriptor early = connect_to(address);
  REQUIRE(early);
  ignore_new_clients(listening);
  const Descriptor late(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  REQUIRE(connect(late.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                  address.length) != 0);
  CHECK(errno == EINPROGRESS);
  pollfd answer{.fd = late.get(), .events = POLLOUT, .revents = 0};
  CHECK(poll(&answer, 1, 0) == 0);  // neither let in nor refused
  CHECK(Descriptor(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)));
  CHECK_FALSE(Descriptor(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)));
}

TEST_CASE("listener_tcp: a port can be bound again at once after its connections ended") {
  auto first = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(first);
  const auto address = local_address(first->front().descriptor.get());
  {
    const auto client = connect_to(address);
    const Descriptor accepted(accept(first->front().descriptor.get(), nullptr, nullptr));
    REQUIRE(accepted);
    shutdown(accepted.get(), SHUT_RDWR);  // ours ends first and is left in TIME_WAIT
  }
  first->clear();
  CHECK(listen_tcp(tcp_listen("127.0.0.1", port_of(address))));
}

TEST_CASE("listener_tcp: an address that is not this machine's is an error that says so") {
  auto listen = tcp_listen("192.0.2.1");
  listen.allow_remote = true;
  const auto sockets = listen_tcp(listen);
  REQUIRE_FALSE(sockets);
  CHECK_THAT(sockets.error().message, ContainsSubstring("192.0.2.1 is no address of this machine"));
}

TEST_CASE("listener_tcp: a name that does not resolve is an error that names it") {
  const std::string name = std::string(70, 'x') + ".invalid";  // no name server need be asked
  const auto sockets = listen_tcp(tcp_listen(name));
  REQUIRE_FALSE(sockets);
  CHECK_THAT(sockets.error().message, ContainsSubstring("look up '" + name + "'"));
}

}  // namespace
}  // namespace wsbridged::test
