// SPDX-License-Identifier: MIT
// Tokens, values and lists of header fields.
#include "protocol/http_field.h"

#include "support/catch.h"

namespace ws::protocol {

TEST_CASE("http field: a token is letters, digits and fifteen signs (RFC 9110 5.6.2)", "[http]") {
  CHECK(is_token("Sec-WebSocket-Key"));
  CHECK(is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const char* text : {"", "a b", "a:b", "a,b", "a/b", "(", "\"", "\x7f", "\xc3\xa9", "a\r"}) {
    CHECK_FALSE(is_token(text));
  }
}

TEST_CASE("http field: lists over several lines are one list (RFC 9110 5.3)",
          "[http][HS-connection-token]") {
  const std::vector<Header> fields = {
      {"Connection", "keep-alive ,\tUpgrade"}, {"Other", "x"}, {"connection", ", close,,"}};
  CHECK(list_members(fields, "CONNECTION") ==
        std::vector<std::string_view>{"keep-alive", "Upgrade", "close"});
  CHECK(has_list_member(fields, "Connection", "upgrade"));
  CHECK_FALSE(has_list_member(fields, "Connection", "up"));
  CHECK_FALSE(has_list_member(fields, "Connection", "keep"));
  CHECK(list_members(fields, "None").empty());
}

TEST_CASE("http field: a long run of whitespace costs nothing special",
          "[http][CVE-extension-parser]") {
  const std::string spaces(1'000'000, ' ');
  const std::vector<Header> fields = {{"A", "b" + spaces + "c," + spaces + "d"}};
  CHECK(list_members(fields, "a").size() == 2);
}

TEST_CASE("http field: control characters are no value", "[http]") {
  CHECK(is_field_value("a b; c=\"d\", \xc3\xa9"));
  CHECK(is_field_value(""));
  for (const std::string_view text : {"a\r\nb", "a\nb", "a\tb", "\x7f"}) {
    CHECK_FALSE(is_field_value(text));
  }
  CHECK_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

}  // namespace ws::protocol
