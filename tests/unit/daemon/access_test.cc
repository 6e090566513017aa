// SPDX-License-Identifier: MIT
// Who is admitted: uids, gids and networks, alone and together.
#include "daemon/access.h"

#include <unistd.h>

#include "support/catch.h"

namespace wsbridged {
namespace {

AccessList list_of(const config::Access& access) {
  auto resolved = AccessList::resolve(access);
  REQUIRE(std::holds_alternative<AccessList>(resolved));
  return std::get<AccessList>(std::move(resolved));
}

config::Cidr cidr(std::string_view text) {
  return std::get<config::Cidr>(config::parse_cidr(text));
}

Peer unix_peer(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
  Peer peer;
  peer.is_unix = true;
  peer.uid = uid;
  peer.gid = gid;
  peer.groups = std::move(groups);
  return peer;
}

// The rule that refuses; empty: admitted.
std::string refused_by(const config::Access& access, const Peer& peer) {
  const auto refusal = list_of(access).refuse(peer);
  return refusal ? std::string(refusal->rule) : "";
}

TEST_CASE("access: empty lists admit everybody", "[access]") {
  CHECK(refused_by({}, unix_peer(12345, 12345)).empty());
  CHECK(refused_by({}, Peer{.address = "192.0.2.1", .port = 1}).empty());
  CHECK_FALSE(list_of({}).needs_groups());
}

TEST_CASE("access: an abstract socket without rules admits its own uid and root", "[access]") {
  Peer peer = unix_peer(geteuid() + 1, 0);
  peer.is_abstract = true;
  CHECK(refused_by({}, peer) == "access");
  CHECK(refused_by({.allow_cidrs = {cidr("10.0.0.0/8")}}, peer) == "access");
  CHECK(refused_by({.allow_uids = {std::to_string(geteuid() + 1)}}, peer).empty());
  peer.uid = 0;
  CHECK(refused_by({}, peer).empty());
  peer.uid = geteuid();
  CHECK(refused_by({}, peer).empty());
  peer.uid.reset();
  CHECK(refused_by({}, peer) == "access");
}

TEST_CASE("access: either a uid or a gid admits, supplementary groups too", "[access]") {
  const config::Access both{.allow_uids = {"1000", "root"}, .allow_gids = {"50", "60"}};
  CHECK(list_of(both).needs_groups());
  CHECK(refused_by(both, unix_peer(1000, 1)).empty());
  CHECK(refused_by(both, unix_peer(0, 1)).empty());
  CHECK(refused_by(both, unix_peer(1, 50)).empty());
  CHECK(refused_by(both, unix_peer(1, 1, {7, 60})).empty());
  CHECK(refused_by(both, unix_peer(1, 1, {7, 8})) == "allow_uids, allow_gids");
  CHECK(refused_by({.allow_uids = {"1000"}}, unix_peer(50, 1000, {1000})) == "allow_uids");
  CHECK(refused_by({.allow_gids = {"50"}}, unix_peer(50, 1)) == "allow_gids");
  Peer unknown;
  unknown.is_unix = true;
  CHECK(refused_by(both, unknown) == "allow_uids, allow_gids");
}

TEST_CASE("access: TCP peers are judged by their address", "[access]") {
  const config::Access access{.allow_cidrs = {cidr("10.0.0.0/8"), cidr("2001:db8::/32")}};
  CHECK(refused_by(access, Peer{.address = "10.1.2.3"}).empty());
  CHECK(refused_by(access, Peer{.address = "::ffff:10.1.2.3"}).empty());
  CHECK(refused_by(access, Peer{.address = "2001:db8::1"}).empty());
  CHECK(refused_by(access, Peer{.address = "11.0.0.1"}) == "allow_cidrs");
  CHECK(refused_by(access, Peer{.address = ""}) == "allow_cidrs");
  // A Unix peer of the same bridge has no address to judge.
  CHECK(refused_by(access, unix_peer(1, 1)).empty());
}

TEST_CASE("access: the proxy and the peer that it announces must both be admitted", "[access]") {
  const config::Access access{.allow_cidrs = {cidr("127.0.0.1"), cidr("192.0.2.0/24")}};
  Peer peer{.address = "127.0.0.1"};
  peer.announced = {"192.0.2.7", 1};
  CHECK(refused_by(access, peer).empty());
  peer.announced = {"198.51.100.1", 1};
  CHECK(refused_by(access, peer) == "allow_cidrs");
  peer.announced = {"", 0};
  CHECK(refused_by(access, peer) == "allow_cidrs");
  peer.announced = {"192.0.2.7", 1};
  peer.address = "127.0.0.2";
  CHECK(refused_by(access, peer) == "allow_cidrs");
  Peer over_unix = unix_peer(1000, 1);
  over_unix.announced = {"192.0.2.7", 1};
  config::Access with_uid = access;
  with_uid.allow_uids = {"1000"};
  CHECK(refused_by(with_uid, over_unix).empty());
  over_unix.uid = 1001;
  CHECK(refused_by(with_uid, over_unix) == "allow_uids");
}

TEST_CASE("access: a name that the system does not know is told with its key", "[access]") {
  const auto uids = AccessList::resolve({.allow_uids = {"0", "nobody-there"}});
  REQUIRE(std::holds_alternative<AccessList::Unknown>(uids));
  CHECK(std::get<AccessList::Unknown>(uids).key == "allow_uids");
  const auto gids = AccessList::resolve({.allow_gids = {"4294967295"}});
  REQUIRE(std::holds_alternative<AccessList::Unknown>(gids));
  CHECK(std::get<AccessList::Unknown>(gids).key == "allow_gids");
}

TEST_CASE("access: headers are expected of listed proxies only", "[access]") {
  const config::ProxyProtocol networks{.from = {cidr("10.0.0.0/8")}};
  CHECK(sends_proxy_header(networks, Peer{.address = "10.1.2.3"}));
  CHECK_FALSE(sends_proxy_header(networks, Peer{.address = "127.0.0.1"}));
  CHECK_FALSE(sends_proxy_header(networks, unix_peer(0, 0)));
  CHECK(sends_proxy_header({.from_unix = true}, unix_peer(1, 1)));
  CHECK_FALSE(sends_proxy_header({}, unix_peer(1, 1)));
  CHECK_FALSE(sends_proxy_header({}, Peer{.address = "127.0.0.1"}));
}

}  // namespace
}  // namespace wsbridged
