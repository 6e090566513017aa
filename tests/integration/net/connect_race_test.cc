// SPDX-License-Identifier: MIT
#include "net/connect_race.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "support/catch.h"
#include "support/run_until.h"
#include "support/scripted_server.h"

namespace ws::net {
namespace {

using test::BlackHole;
using test::RefusingPort;
using test::ScriptedServer;
using test::ScriptPeer;

Address address_of(const std::string& host, std::uint16_t port) {
  return parse_address_literal(host, port).value();
}

// Takes one connection and lets it end.
void greet(ScriptPeer& peer) {
  peer.read_to_end();
}

}  // namespace

TEST_CASE("connect race: an address that is silent loses to the next after 250 ms (RFC 8305 5)") {
  const BlackHole silent;
  EventLoop loop;
  ScriptedServer server(greet);
  const auto start = EventLoop::Clock::now();
  std::optional<Result<ConnectedSocket>> outcome;
  ConnectRace race(loop,
                   {address_of("127.0.0.1", silent.port()), address_of("127.0.0.1", server.port())},
                   [&](Result<ConnectedSocket> result) {
                     outcome = std::move(result);
                     loop.stop();
                   });
  CHECK(race.progress() == "connecting to 127.0.0.1:" + std::to_string(silent.port()));
  loop.run();
  REQUIRE(outcome);
  REQUIRE(*outcome);
  CHECK(to_string(outcome->value().address) == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(EventLoop::Clock::now() - start >= kConnectionAttemptDelay);
}

TEST_CASE("connect race: while it waits for one address it tells why the others have failed") {
  const RefusingPort refusing;
  const BlackHole silent;
  EventLoop loop;
  const Address full = address_of("127.0.0.1", silent.port());
  const Address refused = address_of("127.0.0.1", refusing.port());
  bool is_over = false;
  const ConnectRace race(loop, {refused, full},
                         [&](const Result<ConnectedSocket>&) { is_over = true; });
  const std::string expected =
      "connecting to " + to_string(full) + " (" + to_string(refused) + ": Connection refused)";
  CHECK(test::run_until(loop, [&] { return is_over || race.progress() == expected; }));
  CHECK(race.progress() == expected);
}

TEST_CASE(
    "connect race: the socket is non-blocking, close-on-exec, without Nagle and with keepalive") {
  ScriptedServer server(greet);
  EventLoop loop;
  std::optional<ConnectedSocket> socket;
  ConnectRace race(loop, {address_of("127.0.0.1", server.port())},
                   [&](Result<ConnectedSocket> result) { socket = std::move(*result); });
  loop.run();
  REQUIRE(socket);
  const int descriptor = socket->descriptor.get();
  CHECK((fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  using Option = std::pair<int, int>;
  for (const auto& [level, option] :
       {Option(IPPROTO_TCP, TCP_NODELAY), Option(SOL_SOCKET, SO_KEEPALIVE)}) {
    int value = 0;
    socklen_t length = sizeof value;
    REQUIRE(getsockopt(descriptor, level, option, &value, &length) == 0);
    CHECK(value != 0);
  }
}

TEST_CASE("connecting socket: one that reached itself is recognised") {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Address address = address_of("127.0.0.1", 0);
  auto* raw = reinterpret_cast<sockaddr*>(&address.storage);
  REQUIRE(::bind(socket.get(), raw, address.length) == 0);
  REQUIRE(::getsockname(socket.get(), raw, &address.length) == 0);
  CHECK_FALSE(is_self_connected(socket.get()));
  REQUIRE(::connect(socket.get(), raw, address.length) == 0);  // RFC 9293 3.5, simultaneous open
  CHECK(is_self_connected(socket.get()));
}

}  // namespace ws::net
