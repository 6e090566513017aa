// SPDX-License-Identifier: MIT
#include "net/happy_eyeballs.h"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.h"

namespace ws::net {
namespace {

using std::chrono::milliseconds;

std::vector<Address> addresses_of(const std::vector<std::string>& hosts) {
  std::vector<Address> addresses;
  addresses.reserve(hosts.size());
  for (const std::string& host : hosts) {
    addresses.push_back(parse_address_literal(host, 80).value());
  }
  return addresses;
}

std::vector<std::string> interleaved(const std::vector<std::string>& hosts) {
  std::vector<std::string> texts;
  for (const Address& address : interleave_families(addresses_of(hosts))) {
    texts.push_back(to_string(address));
  }
  return texts;
}

using Texts = std::vector<std::string>;

constexpr AttemptPacing::TimePoint kStart{std::chrono::hours(1)};

}  // namespace

TEST_CASE("happy eyeballs: families take turns, the first address's first (RFC 8305 4)") {
  CHECK(interleaved({"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"}) ==
        Texts{"[2001:db8::1]:80", "192.0.2.1:80", "[2001:db8::2]:80", "192.0.2.2:80",
              "[2001:db8::3]:80"});
  CHECK(interleaved({"192.0.2.1", "2001:db8::1", "192.0.2.2"}) ==
        Texts{"192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.2:80"});
}

TEST_CASE("happy eyeballs: one family alone keeps the resolver's order") {
  CHECK(interleaved({"192.0.2.9", "192.0.2.1"}) == Texts{"192.0.2.9:80", "192.0.2.1:80"});
  CHECK(interleaved({"2001:db8::9"}) == Texts{"[2001:db8::9]:80"});
  CHECK(interleaved({}).empty());
}

TEST_CASE("happy eyeballs: of more addresses than the limit the first are kept, of both families") {
  std::vector<std::string> hosts(kMaxConnectAddresses, "2001:db8::1");
  CHECK(interleaved(hosts).size() == kMaxConnectAddresses);
  hosts.emplace_back("192.0.2.1");
  const auto texts = interleaved(hosts);
  REQUIRE(texts.size() == kMaxConnectAddresses);
  CHECK(texts[1] == "192.0.2.1:80");
}

TEST_CASE("attempt pacing: an attempt starts every 250 ms while none fails (RFC 8305 5)") {
  AttemptPacing pacing(2);
  CHECK(pacing.take_next(kStart) == 0U);
  CHECK_FALSE(pacing.take_next(kStart));
  REQUIRE(pacing.next_start() == kStart + kConnectionAttemptDelay);
  CHECK_FALSE(pacing.take_next(kStart + milliseconds(249)));
  CHECK(pacing.take_next(kStart + milliseconds(250)) == 1U);
  CHECK_FALSE(pacing.take_next(kStart + milliseconds(999)));
  CHECK_FALSE(pacing.next_start());
}

TEST_CASE("attempt pacing: a failure makes the next attempt due at once (RFC 8305 5)") {
  AttemptPacing pacing(3);
  CHECK(pacing.take_next(kStart) == 0U);
  pacing.attempt_failed();
  CHECK(pacing.take_next(kStart + milliseconds(1)) == 1U);
  CHECK_FALSE(pacing.take_next(kStart + milliseconds(250)));
  CHECK(pacing.next_start() == kStart + milliseconds(251));
}

TEST_CASE("attempt pacing: it has failed when every attempt has, not when none is left to start") {
  AttemptPacing pacing(2);
  CHECK(pacing.take_next(kStart) == 0U);
  CHECK(pacing.take_next(kStart + kConnectionAttemptDelay) == 1U);
  pacing.attempt_failed();
  CHECK_FALSE(pacing.all_failed());
  CHECK_FALSE(pacing.take_next(kStart + kConnectionAttemptDelay));
  pacing.attempt_failed();
  CHECK(pacing.all_failed());
}

}  // namespace ws::net
