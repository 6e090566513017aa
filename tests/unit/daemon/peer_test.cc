// SPDX-License-Identifier: MIT
#include "daemon/peer.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

SocketAddress v4(const char* text, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  REQUIRE(inet_pton(AF_INET, text, &in.sin_addr) == 1);
  in.sin_port = htons(port);
  SocketAddress address;
  std::memcpy(&address.storage, &in, sizeof in);
  address.length = sizeof in;
  return address;
}

SocketAddress v6(const char* text, std::uint16_t port) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  REQUIRE(inet_pton(AF_INET6, text, &in.sin6_addr) == 1);
  in.sin6_port = htons(port);
  SocketAddress address;
  std::memcpy(&address.storage, &in, sizeof in);
  address.length = sizeof in;
  return address;
}

TEST_CASE("peer: addresses as text, IPv6 in brackets when a port follows") {
  CHECK(to_string(v4("127.0.0.1", 7001)) == "127.0.0.1:7001");
  CHECK(to_string(v6("::1", 7001)) == "[::1]:7001");
  CHECK(numeric_host(v6("2001:db8::7", 1)) == "2001:db8::7");
  CHECK(numeric_host(SocketAddress{}).empty());
  CHECK(port_of(SocketAddress{}) == 0);
}

TEST_CASE("peer: the port can be set in both families") {
  auto first = v4("127.0.0.1", 1);
  set_port(first, 65535);
  CHECK(first == v4("127.0.0.1", 65535));
  auto second = v6("::1", 0);
  set_port(second, 258);
  CHECK(second == v6("::1", 258));
  CHECK_FALSE(first == second);
}

TEST_CASE("peer: loopback is 127.0.0.0/8, ::1 and the first mapped into IPv6") {
  CHECK(is_loopback(v4("127.0.0.1", 0)));
  CHECK(is_loopback(v4("127.255.255.255", 0)));
  CHECK(is_loopback(v6("::1", 0)));
  CHECK(is_loopback(v6("::ffff:127.0.0.1", 0)));
  CHECK_FALSE(is_loopback(v4("128.0.0.1", 0)));
  CHECK_FALSE(is_loopback(v4("126.255.255.255", 0)));
  CHECK_FALSE(is_loopback(v4("0.0.0.0", 0)));
  CHECK_FALSE(is_loopback(v6("::", 0)));
  CHECK_FALSE(is_loopback(v6("::ffff:10.0.0.1", 0)));
  CHECK_FALSE(is_loopback(SocketAddress{}));
}

TEST_CASE("peer: on TCP it is the address and the port, without credentials") {
  const Peer peer = peer_of(-1, v6("::1", 50312));
  CHECK_FALSE(peer.is_unix);
  CHECK(peer.address == "::1");
  CHECK(peer.port == 50312);
  CHECK_FALSE(peer.uid);
  CHECK(peer.to_string() == "[::1]:50312");
  CHECK(peer_of(-1, v4("127.0.0.1", 9)).to_string() == "127.0.0.1:9");
}

TEST_CASE("peer: IPv4 on a socket for both families is told as IPv4") {
  CHECK(peer_of(-1, v6("::ffff:192.0.2.7", 5)).to_string() == "192.0.2.7:5");
  CHECK(peer_of(-1, v6("2001:db8::ffff:1", 5)).to_string() == "[2001:db8::ffff:1]:5");
}

TEST_CASE("peer: on a Unix socket it is the kernel's note of who connected") {
  std::array<int, 2> pair{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  const Descriptor one(pair[0]);
  const Descriptor other(pair[1]);
  SocketAddress unnamed;
  unnamed.storage.ss_family = AF_UNIX;
  unnamed.length = sizeof(sa_family_t);
  const Peer peer = peer_of(one.get(), unnamed);
  CHECK(peer.is_unix);
  CHECK(peer.uid == geteuid());
  CHECK(peer.gid == getegid());
  CHECK(peer.pid == getpid());
  CHECK(peer.to_string() ==
        "uid " + std::to_string(geteuid()) + " pid " + std::to_string(getpid()));
}

TEST_CASE("peer: what is not known of a Unix peer is left out of the text") {
  Peer peer;
  peer.is_unix = true;
  CHECK(peer.to_string() == "unix");
  peer.uid = 1000;
  CHECK(peer.to_string() == "uid 1000");
}

TEST_CASE("peer: one that a PROXY header announced is named instead of the proxy") {
  Peer peer = peer_of(-1, v4("127.0.0.1", 9));
  peer.announced = {"2001:db8::1", 4711};
  CHECK(peer.to_string() == "[2001:db8::1]:4711");
  CHECK(peer.socket_to_string() == "127.0.0.1:9");
  peer.announced = {"", 0};
  CHECK(peer.to_string() == "unix");
}

TEST_CASE("peer: supplementary groups are those of this process, when it is the peer") {
  std::array<int, 2> pair{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  const Descriptor one(pair[0]);
  const Descriptor other(pair[1]);
  std::vector<gid_t> groups(static_cast<std::size_t>(getgroups(0, nullptr)));
  REQUIRE(getgroups(static_cast<int>(groups.size()), groups.data()) >= 0);
  Peer peer;
  peer.is_unix = true;
  add_groups(one.get(), peer);
  CHECK(peer.groups == groups);
  add_groups(-1, peer);
  CHECK(peer.groups.empty());
}

TEST_CASE("peer: a descriptor without credentials gives a Unix peer without uid") {
  SocketAddress unnamed;
  unnamed.storage.ss_family = AF_UNIX;
  CHECK_FALSE(peer_of(-1, unnamed).uid);
}

}  // namespace
}  // namespace wsbridged::test
