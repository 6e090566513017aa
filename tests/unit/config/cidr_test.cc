// SPDX-License-Identifier: MIT
#include "config/cidr.h"

#include "support/catch.h"

namespace wsbridged::config {
namespace {

Cidr cidr(std::string_view text) {
  const auto parsed = parse_cidr(text);
  INFO(text);
  REQUIRE(std::holds_alternative<Cidr>(parsed));
  return std::get<Cidr>(parsed);
}

bool contains(std::string_view network, std::string_view address) {
  const auto ip = parse_ip(address);
  INFO(address);
  REQUIRE(ip);
  return cidr(network).contains(*ip);
}

TEST_CASE("cidr: networks are written as they were read", "[cidr]") {
  for (const std::string text : {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32",
                                 "::/0", "2001:db8::/32", "fe80::/10", "::1/128"}) {
    CHECK(to_string(cidr(text)) == text);
  }
  CHECK(to_string(cidr("192.0.2.1")) == "192.0.2.1/32");
  CHECK(to_string(cidr("2001:DB8:0::1")) == "2001:db8::1/128");
  CHECK(to_string(cidr("::ffff:10.0.0.0/104")) == "10.0.0.0/8");
}

TEST_CASE("cidr: what is no network is refused", "[cidr]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
               "10.0.0.0/08", "10.0.0.0/8x", "10.0.0/8", "10.0.0.0/8/8", "010.0.0.0/8", "host",
               "::/129", "1::2::3", "fe80::1%eth0", "10.0.0.1%eth0", "unix", " 10.0.0.0/8",
               "::ffff:10.0.0.0/95", std::string("10.0.0.1\0", 9));
  INFO(text);
  const auto parsed = parse_cidr(text);
  REQUIRE(std::holds_alternative<Refusal>(parsed));
  CHECK(std::get<Refusal>(parsed).suggestion.empty());
}

TEST_CASE("cidr: bits behind the prefix are an error that suggests the network", "[cidr]") {
  const auto suggestion = [](std::string_view text) {
    const auto parsed = parse_cidr(text);
    REQUIRE(std::holds_alternative<Refusal>(parsed));
    return std::get<Refusal>(parsed).suggestion;
  };
  CHECK(suggestion("10.1.2.3/8") == "10.0.0.0/8");
  CHECK(suggestion("192.0.2.129/25") == "192.0.2.128/25");
  CHECK(suggestion("10.0.0.1/0") == "0.0.0.0/0");
  CHECK(suggestion("2001:db8::1/32") == "2001:db8::/32");
}

TEST_CASE("cidr: an address is in its network and in no other", "[cidr]") {
  CHECK(contains("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("192.0.2.128/25", "192.0.2.128"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(contains("127.0.0.1", "127.0.0.2"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("fe80::/10", "fe80::1%eth0"));
}

TEST_CASE("cidr: a mapped IPv4 address is IPv4, and IPv4 is in no IPv6 network", "[cidr]") {
  CHECK(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(contains("0.0.0.0/0", "::ffff:10.1.2.3"));
  CHECK_FALSE(contains("::/0", "10.1.2.3"));
  CHECK_FALSE(contains("::/0", "::ffff:10.1.2.3"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
}

}  // namespace
}  // namespace wsbridged::config
