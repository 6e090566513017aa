// SPDX-License-Identifier: MIT
// Host names and address literals: what is taken, converted or refused.
#include "protocol/host.h"

#include <string>
#include <string_view>

#include "support/catch.h"

namespace {

using ws::protocol::is_ip_address;
using ws::protocol::parse_host_name;

std::string name_of(std::string_view text) {
  auto host = parse_host_name(text);
  return host ? host->name : "refused: " + host.error().message;
}

TEST_CASE("host: address literals are recognised, names and half addresses are not", "[host]") {
  CHECK(is_ip_address("192.0.2.1"));
  CHECK(is_ip_address("::1"));
  CHECK(is_ip_address("2001:db8::a"));
  CHECK(is_ip_address("::ffff:192.0.2.1"));
  CHECK_FALSE(is_ip_address("192.0.2"));
  CHECK_FALSE(is_ip_address("192.0.2.256"));
  CHECK_FALSE(is_ip_address("[::1]"));
  CHECK_FALSE(is_ip_address("fe80::1%eth0"));
  CHECK_FALSE(is_ip_address("example.com"));
  CHECK_FALSE(is_ip_address(""));
  CHECK_FALSE(is_ip_address(std::string_view("::1\0", 4)));
}

TEST_CASE("host: names are lower-cased, underscores and single labels are fine", "[host]") {
  CHECK(name_of("Chat.Example.COM") == "chat.example.com");
  CHECK(name_of("my_service") == "my_service");
  CHECK(name_of("_sip.a-b.example") == "_sip.a-b.example");
  CHECK(name_of("192.0.2.1") == "192.0.2.1");
  CHECK(name_of("1.example") == "1.example");
}

TEST_CASE("host: one trailing dot is taken off and remembered", "[host]") {
  auto host = parse_host_name("example.com.");
  REQUIRE(host);
  CHECK(host->name == "example.com");
  CHECK(host->absolute);
  CHECK_FALSE(parse_host_name("example.com").value().absolute);
  CHECK_FALSE(parse_host_name("example.com.."));
  CHECK_FALSE(parse_host_name("."));
}

TEST_CASE("host: characters outside letters, digits, hyphen and underscore are refused", "[host]") {
  for (const char* text : {"a b", "a%41", "a/b", "a:b", "a@b", "a*", "a'b", "a,b", "-a", "a-",
                           "a.-b", "a-.b", "a..b", ".a", ""}) {
    INFO(text);
    CHECK_FALSE(parse_host_name(text));
  }
  CHECK_FALSE(parse_host_name(std::string_view("a\0b", 3)));
  CHECK_FALSE(parse_host_name("a\nb"));
}

TEST_CASE("host: labels of 63 and names of 253 characters are the longest (RFC 1035 2.3.4)",
          "[host]") {
  const std::string label(63, 'a');
  CHECK(parse_host_name(label + ".example"));
  CHECK_FALSE(parse_host_name(label + "a.example"));
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  REQUIRE(longest.size() == 253);
  CHECK(parse_host_name(longest));
  CHECK(parse_host_name(longest + '.'));
  CHECK_FALSE(parse_host_name(longest + 'b'));
}

TEST_CASE("host: what ends in a number must be a whole IPv4 address", "[host]") {
  for (const char* text : {"127.1", "2130706433", "0x7f.1", "1.2.3.0x4", "1.2.3.256", "1.2.3.4.5",
                           "010.0.0.1", "example.1", "0x"}) {
    INFO(text);
    CHECK_FALSE(parse_host_name(text));
  }
}

TEST_CASE("host: international names become ASCII, non-transitionally (UTS 46)", "[host]") {
  CHECK(name_of("b\xC3\xBC"
                "cher.example") == "xn--bcher-kva.example");
  CHECK(name_of("B\xC3\x9C"
                "CHER.example") == "xn--bcher-kva.example");
  // Transitional processing would make this "strasse.example".
  CHECK(name_of("stra\xC3\x9F"
                "e.example") == "xn--strae-oqa.example");
  // U+3002 and full-width digits are what people's keyboards give them.
  CHECK(name_of("\xEF\xBC\x91.2.3.4") == "1.2.3.4");
  CHECK(name_of("example\xE3\x80\x82"
                "com") == "example.com");
}

TEST_CASE("host: bytes that are not UTF-8 and characters no name may hold are refused", "[host]") {
  for (const char* text : {"\xFF.example", "\xC3", "\xC2\xA0.example", "\xE2\x84\x80.example",
                           "\xEF\xBC\x8F.example"}) {
    CHECK_FALSE(parse_host_name(text));
  }
}

TEST_CASE("host: the error does not repeat the text", "[host]") {
  for (const char* text : {"hunter2!", "-hunter2", "hunter2..x", "hunter2\xFF"}) {
    const auto host = parse_host_name(text);
    REQUIRE_FALSE(host);
    CHECK(host.error().message.find("hunter") == std::string::npos);
    CHECK(host.error().phase == ws::Phase::kOptions);
    CHECK(host.error().code == ws::ErrorCode::kInvalidUrl);
  }
}

}  // namespace
