// SPDX-License-Identifier: MIT
// Each text check from both sides of its limits.
#include "config/checks.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

bool accepts(Check check, std::string_view text) {
  const auto parsed = check(text);
  if (const auto* kept = std::get_if<std::string>(&parsed)) {
    CHECK(*kept == text);
    return true;
  }
  // A reason is a predicate, and never repeats a text that may be a secret.
  const std::string& reason = std::get<Refusal>(parsed).reason;
  CHECK_THAT(reason, StartsWith("must "));
  CHECK((text.size() < 20 || reason.find(text) == std::string::npos));
  return false;
}

struct Case {
  Check check;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST_CASE("checks: names, modes and accounts", "[checks]") {
  const auto each = GENERATE(
      Case{check_name,
           {"a", "chat-1_x", std::string(64, 'a')},
           {"", "A", "a b", "a.b", "admin", "\xc3\xa4", std::string(65, 'a')}},
      Case{check_mode,
           {"0600", "660", "0777", "000"},
           {"", "0", "60", "1777", "0888", "00600", "rw"}},
      Case{check_account, {"", "www-data", "1000", "a.b", "host$"}, {"a b", "a/b", "a:b"}},
      Case{check_server_name, {"", "example.com", "::1"}, {"a b", "a/b", std::string(254, 'a')}},
      Case{check_min_version, {"1.2", "1.3"}, {"", "1.1", "1", "1.20", "tls1.2"}},
      Case{check_delimiter,
           {"\n", std::string(1, '\0'), std::string(16, 'x')},
           {"", std::string(17, 'x')}});
  for (const std::string& text : each.good) {
    INFO(text);
    CHECK(accepts(each.check, text));
  }
  for (const std::string& text : each.bad) {
    INFO(text);
    CHECK_FALSE(accepts(each.check, text));
  }
}

TEST_CASE("checks: headers are tokens with clean values, and not the handshake's (RFC 9110 5.6.2)",
          "[checks]") {
  const auto each = GENERATE(
      Case{
          check_header_name,
          {"X-Tenant", "Host", "Cookie", "!#$%&'*+-.^_`|~", std::string(256, 'x')},
          {"", "a b", "a:b", "a\r\n", "Upgrade", "CONNECTION", "sec-websocket-key",
           "Sec-WebSocket-Protocol", "Content-Length", "transfer-encoding", std::string(257, 'x')}},
      Case{check_header_value,
           {"", "any value, \xc3\xa4", std::string(8192, 'x')},
           {"a\nb", "a\rb", std::string(1, '\0'), "a\x7f", "a\tb", std::string(8193, 'x')}},
      Case{check_subprotocol, {"mqtt", "chat.v2"}, {"", "a b", "a,b", "\xc3\xa4"}},
      Case{check_origin,
           {"", "https://example.com", "null"},
           {"a b", "a\nb", "https://u:p@example.com", "https://example.com?k=v", "https://x#y"}});
  for (const std::string& text : each.good) {
    INFO(text);
    CHECK(accepts(each.check, text));
  }
  for (const std::string& text : each.bad) {
    INFO(text);
    CHECK_FALSE(accepts(each.check, text));
  }
}

TEST_CASE("checks: a URL has a WebSocket scheme and a host (RFC 6455 3)", "[checks]") {
  for (const std::string text :
       {"ws://h", "wss://h:1/p?q=1", "WSS://H/", "ws://u:p@h/", "ws://[::1]:1/", "ws://${x}/"}) {
    CHECK(accepts(check_url, text));
  }
  for (const std::string text :
       {"", "h", "http://h", "ws:/h", "ws://", "ws:///p", "ws://:1/", "ws://u@/", "ws://h/#f",
        "ws://h/a b", "ws://h/\n", "ws://[", "://h"}) {
    INFO(text);
    CHECK_FALSE(accepts(check_url, text));
  }
  CHECK(std::get<Refusal>(check_url("https://h")).suggestion == "wss://");
  CHECK(std::get<Refusal>(check_url("http://h")).suggestion == "ws://");
  CHECK(accepts(check_url, "ws://h/" + std::string(kMaxUrl - 7, 'x')));
  CHECK_FALSE(accepts(check_url, "ws://h/" + std::string(kMaxUrl - 6, 'x')));
}

TEST_CASE("checks: the host of a URL is found behind user information", "[checks]") {
  CHECK(host_of_url("ws://h") == "h");
  CHECK(host_of_url("ws://u:p@h:1/@x") == "h");
  CHECK(host_of_url("ws://[::1]:1/") == "::1");
  CHECK(host_of_url("ws://h?a@b") == "h");
}

TEST_CASE("checks: a file must be readable, and empty means none", "[checks]") {
  const TemporaryFolder folder;
  CHECK(accepts(check_readable_file, ""));
  CHECK(accepts(check_readable_file, folder.write("jar", "")));
  CHECK_FALSE(accepts(check_readable_file, folder.path("none")));
  CHECK_FALSE(accepts(check_readable_file, folder.path("")));
  CHECK_FALSE(accepts(check_readable_file, std::string("a\0b", 3)));
}

}  // namespace
}  // namespace wsbridged::config
