// SPDX-License-Identifier: MIT
// Addresses that stand for names: what may be written, and which entry counts.
#include "protocol/resolve_override.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace {

using ws::protocol::find_override;
using ws::protocol::parse_resolve;

TEST_CASE("resolve: hosts and addresses are normalised", "[resolve]") {
  const auto entries = parse_resolve({{"Chat.Example:443", "192.0.2.1,2001:db8::1"},
                                      {"[::1]:80", "[::2]"},
                                      {"b\xC3\xBC"
                                       "cher.example:80",
                                       "unix:/run/x"},
                                      {"*:81", "192.0.2.7"}});
  REQUIRE(entries);
  const auto* chat = find_override(entries.value(), "chat.example", 443);
  REQUIRE(chat != nullptr);
  CHECK(chat->addresses == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(find_override(entries.value(), "::1", 80)->addresses.front() == "::2");
  CHECK(find_override(entries.value(), "xn--bcher-kva.example", 80)->unix_path == "/run/x");
  CHECK(find_override(entries.value(), "anything", 81)->addresses.front() == "192.0.2.7");
  CHECK(find_override(entries.value(), "chat.example", 80) == nullptr);
}

TEST_CASE("resolve: the entry of a host beats the one for any", "[resolve]") {
  const auto entries = parse_resolve({{"*:443", "192.0.2.1"}, {"a:443", "192.0.2.2"}});
  REQUIRE(entries);
  CHECK(find_override(entries.value(), "a", 443)->addresses.front() == "192.0.2.2");
  CHECK(find_override(entries.value(), "b", 443)->addresses.front() == "192.0.2.1");
}

TEST_CASE("resolve: what is no host:port or no address is refused", "[resolve]") {
  for (const char* key : {"chat.example", "chat.example:", ":443", "chat.example:0", "u@h:1", ""}) {
    INFO(key);
    CHECK_FALSE(parse_resolve({{key, "192.0.2.1"}}));
  }
  std::string many = "192.0.2.1";
  for (int i = 0; i < 31; ++i) {
    many += ",192.0.2.1";
  }
  CHECK(parse_resolve({{"h:1", many}}));
  for (const std::string& value : std::vector<std::string>{
           "", "name", "192.0.2", "192.0.2.1,", "[192.0.2.1]", "unix:", many + ",192.0.2.1"}) {
    INFO(value);
    const auto entries = parse_resolve({{"h:1", value}});
    REQUIRE_FALSE(entries);
    CHECK(entries.error().phase == ws::Phase::kOptions);
    CHECK_THAT(entries.error().message, StartsWith("resolve h:1: "));
  }
}

}  // namespace
