// SPDX-License-Identifier: MIT
// Addresses: each form, each refusal, what is loopback, what meets.
#include "config/address.h"

#include "support/catch.h"

namespace wsbridged::config {
namespace {

Address parsed(std::string_view text) {
  auto result = parse_address(text);
  REQUIRE(std::holds_alternative<Address>(result));
  return std::get<Address>(result);
}

std::string refused(std::string_view text) {
  auto result = parse_address(text);
  const auto* reason = std::get_if<std::string>(&result);
  return reason != nullptr ? *reason : "accepted";
}

TEST_CASE("address: every form is read and written back", "[address]") {
  CHECK(parsed("127.0.0.1:7001") == Address(TcpAddress{"127.0.0.1", 7001}));
  CHECK(parsed("[::1]:0") == Address(TcpAddress{"::1", 0}));
  CHECK(parsed("[fe80::1%eth0]:80") == Address(TcpAddress{"fe80::1%eth0", 80}));
  CHECK(parsed(":65535") == Address(TcpAddress{"", 65535}));
  CHECK(parsed("LocalHost:1") == Address(TcpAddress{"localhost", 1}));
  CHECK(parsed("unix:/run/a b.sock") == Address(UnixAddress{"/run/a b.sock", false}));
  CHECK(parsed("unix:@name") == Address(UnixAddress{"name", true}));
  CHECK(parsed("systemd:chat.socket") == Address(SystemdAddress{"chat.socket"}));
  for (const std::string text : {"127.0.0.1:7001", "[::1]:0", ":80", "host-1.example_x:9",
                                 "unix:/run/x", "unix:relative", "unix:@name"}) {
    CHECK(to_string(parsed(text)) == text);
  }
}

TEST_CASE("address: what is no address is refused in words that do not repeat it", "[address]") {
  for (const std::string_view text : {"", "7001", "localhost", "/run/x.sock"}) {
    CHECK(refused(text) ==
          "must be HOST:PORT, [V6]:PORT, :PORT, unix:PATH, unix:@ABSTRACT or systemd:NAME");
  }
  for (const std::string_view text :
       {"h:", "h:65536", "h:-1", "h:+1", "h:1x", "h: 1", "h:000001", "h:99999"}) {
    CHECK(refused(text) == "must end with a port from 0 to 65535");
  }
  CHECK(refused("::1:80") == "must have brackets around an IPv6 address: [V6]:PORT");
  for (const std::string_view text :
       {"[]:1", "[127.0.0.1]:1", "[::g]:1", "[::1%]:1", "[::1%a/b]:1"}) {
    CHECK(refused(text) == "must hold an IPv6 address in its brackets");
  }
  for (const std::string_view text : {"127.1:1", "1.2.3.256:1", "0:1"}) {
    CHECK(refused(text) == "must hold a whole IPv4 address or a host name");
  }
  for (const std::string_view text : {"a b:1", "a..b:1", ".a:1", "h\xc3\xa4:1", "http://h:1x"}) {
    CHECK(refused(text) != "accepted");
  }
  for (const std::string& name : {std::string(), std::string("a:b"), std::string("a b"),
                                  std::string("a\x7f"), std::string(256, 'x')}) {
    CHECK(refused("systemd:" + name) ==
          "must have a FileDescriptorName= behind systemd:, 1 to 255 ASCII characters without "
          "spaces and ':'");
  }
  CHECK(refused("systemd:" + std::string(255, 'x')) == "accepted");
}

TEST_CASE("address: lengths are taken at the limit and refused beyond it", "[address]") {
  CHECK(refused("unix:/" + std::string(106, 'x')) == "accepted");
  CHECK(refused("unix:/" + std::string(107, 'x')) != "accepted");
  CHECK(refused("unix:@" + std::string(107, 'x')) == "accepted");
  CHECK(refused("unix:@" + std::string(108, 'x')) != "accepted");
  CHECK(refused("unix:") == "must have a path or a name behind unix:");
  CHECK(refused("unix:@") == "must have a path or a name behind unix:");
  CHECK(refused(std::string("unix:a\0b", 8)) != "accepted");
  CHECK(refused(std::string(63, 'a') + ":1") == "accepted");
  CHECK(refused(std::string(64, 'a') + ":1") != "accepted");
  const std::string label = std::string(49, 'a') + ".";  // 5 of them: 250 bytes
  CHECK(refused(label + label + label + label + label + "abc:1") == "accepted");
  CHECK(refused(label + label + label + label + label + "abcd:1") != "accepted");
}

TEST_CASE("address: loopback is told from the text alone", "[address]") {
  for (const std::string host :
       {"localhost", "127.0.0.1", "127.255.1.2", "::1", "::ffff:127.0.0.1"}) {
    CHECK(is_loopback({host, 1}));
  }
  for (const std::string host : {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2",
                                 "::ffff:10.0.0.1", "example.com", "localhost.example.com"}) {
    CHECK_FALSE(is_loopback({host, 1}));
  }
}

TEST_CASE("address: two addresses overlap when both cannot be bound", "[address]") {
  struct Pair {
    std::string_view a;
    std::string_view b;
    bool expected;
  };

  const auto pair =
      GENERATE(Pair{"127.0.0.1:1", "127.0.0.1:1", true}, Pair{"127.0.0.1:1", "127.0.0.1:2", false},
               Pair{"127.0.0.1:0", "127.0.0.1:0", false}, Pair{":1", "127.0.0.1:1", true},
               Pair{":1", "[::1]:1", true}, Pair{"0.0.0.0:1", "[::1]:1", false},
               Pair{"0.0.0.0:1", "10.0.0.1:1", true}, Pair{"[::]:1", "[::2]:1", true},
               Pair{"localhost:1", "127.0.0.1:1", true}, Pair{"localhost:1", "[::1]:1", true},
               Pair{"localhost:1", "127.0.0.2:1", false}, Pair{"[::1]:1", "[0:0::1]:1", true},
               Pair{"a.example:1", "A.example:1", true}, Pair{"a.example:1", "b.example:1", false},
               Pair{"unix:/a", "unix:/a", true}, Pair{"unix:/a", "unix:/b", false},
               Pair{"unix:a", "unix:@a", false}, Pair{"unix:/a", ":1", false});
  INFO(pair.a << " and " << pair.b);
  CHECK(overlap(parsed(pair.a), parsed(pair.b)) == pair.expected);
  CHECK(overlap(parsed(pair.b), parsed(pair.a)) == pair.expected);
}

}  // namespace
}  // namespace wsbridged::config
