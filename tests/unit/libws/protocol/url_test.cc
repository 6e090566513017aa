// SPDX-License-Identifier: MIT
// WebSocket URLs: the examples of the RFCs, every limit, and what must not get through.
#include <string>
#include <string_view>

#include <ws/url.h>

#include "support/catch.h"

namespace {

using ws::parse_url;
using ws::Url;

Url url_of(std::string_view text) {
  auto url = parse_url(text);
  INFO(text << ": " << (url ? std::string() : url.error().message));
  REQUIRE(url);
  return url.value();
}

std::string problem_of(std::string_view text) {
  const auto url = parse_url(text);
  INFO(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().phase == ws::Phase::kOptions);
  CHECK(url.error().code == ws::ErrorCode::kInvalidUrl);
  return url.error().message;
}

TEST_CASE("url: host, port and target are taken apart (RFC 6455 3)", "[url][RFC6455-3-uri]") {
  const Url url = url_of("wss://chat.example.com:8443/socket?room=1");
  CHECK(url.secure);
  CHECK(url.host == "chat.example.com");
  CHECK(url.port == 8443);
  CHECK(url.target == "/socket?room=1");
  CHECK(url.path() == "/socket");
  CHECK(url.authority() == "chat.example.com:8443");
  CHECK(url.user.empty());
  CHECK(url.password.empty());
}

TEST_CASE("url: the ports are 80 and 443 unless told, and then not in the Host header",
          "[url][RFC6455-3-uri][RFC6455-4.1-host]") {
  CHECK(url_of("ws://example.com").port == 80);
  CHECK(url_of("wss://example.com").port == 443);
  CHECK(url_of("ws://example.com:/").port == 80);
  CHECK(url_of("ws://example.com:80/").authority() == "example.com");
  CHECK(url_of("wss://example.com:443/").authority() == "example.com");
  CHECK(url_of("ws://example.com:443/").authority() == "example.com:443");
  CHECK(url_of("wss://example.com:80/").authority() == "example.com:80");
}

TEST_CASE("url: scheme and host are compared without case, the path keeps its own", "[url]") {
  const Url url = url_of("WsS://EXAMPLE.com/CaSe?Q");
  CHECK(url.secure);
  CHECK(url.host == "example.com");
  CHECK(url.target == "/CaSe?Q");
}

TEST_CASE("url: an empty path is a slash, also before a query (RFC 6455 3)",
          "[url][RFC6455-3-uri]") {
  CHECK(url_of("ws://h").target == "/");
  CHECK(url_of("ws://h?a=b").target == "/?a=b");
  CHECK(url_of("ws://h?a=b/c").path() == "/");
  CHECK(url_of("ws://h/?").target == "/?");
  CHECK(url_of("ws://h//a/../b").target == "//a/../b");
}

TEST_CASE("url: other schemes are refused, http with the one to use", "[url]") {
  CHECK(problem_of("http://h/") == "invalid URL: use ws:// instead of http://");
  CHECK(problem_of("HTTPS://h/") == "invalid URL: use wss:// instead of https://");
  CHECK_THAT(problem_of("ftp://h/"), ContainsSubstring("scheme must be ws or wss"));
  CHECK_THAT(problem_of("example.com/"), ContainsSubstring("must begin with ws:// or wss://"));
  CHECK_THAT(problem_of("ws:/h"), ContainsSubstring("must begin"));
  CHECK_THAT(problem_of(""), ContainsSubstring("must begin"));
  CHECK_THAT(problem_of("://h"), ContainsSubstring("scheme"));
}

TEST_CASE("url: a fragment is refused, even an empty one (RFC 6455 3)",
          "[url][RFC6455-3-fragment]") {
  CHECK_THAT(problem_of("ws://h/#"), ContainsSubstring("fragment"));
  CHECK_THAT(problem_of("ws://h#a"), ContainsSubstring("fragment"));
  CHECK(url_of("ws://h/%23").target == "/%23");
}

TEST_CASE("url: nothing that could break out of a request line gets through",
          "[url][HS-injection][CVE-injection]") {
  for (int c = 0; c < 256; ++c) {
    const bool forbidden = c <= ' ' || c == '\\' || c == '#' || c >= 0x7f;
    const std::string text = std::string("ws://h/a") + static_cast<char>(c) + "b";
    INFO(c);
    CHECK(static_cast<bool>(parse_url(text)) != forbidden);
    const std::string query = std::string("ws://h/?") + static_cast<char>(c);
    CHECK(static_cast<bool>(parse_url(query)) != forbidden);
  }
  CHECK_THAT(problem_of("ws://h/a b"), ContainsSubstring("space"));
  CHECK_THAT(problem_of("ws://h\\@evil/"), ContainsSubstring("backslash"));
  CHECK_THAT(problem_of("ws://h/\r\nX: y"), ContainsSubstring("control"));
  CHECK_THAT(problem_of("ws://h/\xC3\xBC"), ContainsSubstring("percent-encode"));
  CHECK_THAT(problem_of(" ws://h/"), ContainsSubstring("space"));
}

TEST_CASE("url: user information is percent-decoded and not part of the host", "[url]") {
  const Url url = url_of("wss://us%65r:p%40ss%3Aw%C3%BC:x@example.com/");
  CHECK(url.user == "user");
  CHECK(url.password == "p@ss:w\xC3\xBC:x");
  CHECK(url.host == "example.com");
  CHECK(url_of("ws://u@h").user == "u");
  CHECK(url_of("ws://u@h").password.empty());
  CHECK(url_of("ws://u:@h").password.empty());
  CHECK(url_of("ws://:p@h").password == "p");
  CHECK(url_of("ws://@h").host == "h");
  CHECK(url_of("ws://h/a@b").user.empty());
  CHECK(url_of("ws://h?a@b").host == "h");
}

TEST_CASE("url: user information that cannot be meant is refused (RFC 7617 2)", "[url]") {
  CHECK_THAT(problem_of("ws://u:p@x@h/"), ContainsSubstring("percent-encoded"));
  CHECK_THAT(problem_of("ws://\xC3\xBC@h/"), ContainsSubstring("percent-encoded"));
  CHECK_THAT(problem_of("ws://u%0a:p@h/"), ContainsSubstring("control character"));
  CHECK_THAT(problem_of("ws://u:p%00@h/"), ContainsSubstring("control character"));
  CHECK_THAT(problem_of("ws://u%3Ax:p@h/"), ContainsSubstring("colon"));
  for (const char* text : {"ws://%@h", "ws://%4@h", "ws://%4g@h", "ws://u:%g4@h", "ws://u:p%4@h"}) {
    CHECK_THAT(problem_of(text), ContainsSubstring("hexadecimal"));
  }
}

TEST_CASE("url: IPv6 addresses stand in brackets (RFC 3986 3.2.2)", "[url][RFC6455-4.1-host]") {
  const Url url = url_of("ws://[2001:DB8::1]:8080/");
  CHECK(url.host == "2001:db8::1");
  CHECK(url.is_ipv6());
  CHECK(url.port == 8080);
  CHECK(url.authority() == "[2001:db8::1]:8080");
  CHECK(url_of("wss://[::1]").authority() == "[::1]");
  CHECK(url_of("wss://[::ffff:192.0.2.1]/").host == "::ffff:192.0.2.1");
  CHECK_FALSE(url_of("ws://192.0.2.1").is_ipv6());
  for (const char* text : {"ws://[::1", "ws://[]", "ws://[", "ws://[1.2.3.4]", "ws://[::g]",
                           "ws://[::1]x", "ws://[::1]80", "ws://[fe80::1%25eth0]", "ws://[h]",
                           "ws://[1:2:3:4:5:6:7:8:9]", "ws://::1/", "ws://2001:db8::1:80/"}) {
    CHECK_THAT(problem_of(text), StartsWith("invalid URL: "));
  }
  CHECK_THAT(problem_of("ws://::1/"), ContainsSubstring("brackets"));
  CHECK_THAT(problem_of("ws://[fe80::1%25eth0]/"), ContainsSubstring("zone"));
}

TEST_CASE("url: ports are 1 to 65535", "[url]") {
  CHECK(url_of("ws://h:1").port == 1);
  CHECK(url_of("ws://h:65535").port == 65535);
  CHECK(url_of("ws://h:08080").port == 8080);
  for (const char* text : {"ws://h:0", "ws://h:65536", "ws://h:99999999999999999999", "ws://h:-1",
                           "ws://h:+1", "ws://h:1a", "ws://h:a", "ws://[::1]:0"}) {
    CHECK_THAT(problem_of(text), ContainsSubstring("from 1 to 65535"));
  }
}

TEST_CASE("url: bad hosts are refused, empty ones too", "[url]") {
  for (const char* text : {"ws://", "ws:///path", "ws://:80/", "ws://u@/", "ws://a%41/", "ws://-a/",
                           "ws://a..b/", "ws://127.1/", "ws://a*b/"}) {
    CHECK_THAT(problem_of(text), StartsWith("invalid URL: the host "));
  }
}

TEST_CASE("url: an international host name is converted", "[url]") {
  const Url url = url_of(
      "wss://b\xC3\xBC"
      "cher.example:8443/");
  CHECK(url.host == "xn--bcher-kva.example");
  CHECK(url.authority() == "xn--bcher-kva.example:8443");
}

TEST_CASE("url: a trailing dot counts for resolving only", "[url]") {
  const Url url = url_of("wss://Example.com.:8443/x");
  CHECK(url.host == "example.com");
  CHECK(url.authority() == "example.com:8443");
  CHECK(url.lookup_name() == "example.com.");
  CHECK(url_of("wss://example.com/").lookup_name() == "example.com");
}

TEST_CASE("url: 8 KiB is the longest", "[url]") {
  const std::string start = "ws://h/";
  CHECK(url_of(start + std::string(8192 - start.size(), 'a')).target.size() == 8186);
  CHECK_THAT(problem_of(start + std::string(8193 - start.size(), 'a')), ContainsSubstring("8 KiB"));
}

TEST_CASE("url: what is fit for logs has neither user information nor query", "[url]") {
  CHECK(url_of("wss://u:hunter2@example.com:8443/a/b?token=hunter2").redacted() ==
        "wss://example.com:8443/a/b");
  CHECK(url_of("ws://[::1]?t").redacted() == "ws://[::1]/");
}

TEST_CASE("url: no error repeats a part of the URL", "[url]") {
  for (const char* text : {"ws://u:hunter2/x@h/", "hunter2://h", "ws://hunter2@h:hunter2",
                           "ws://hunter2%@h", "ws://u:hunter2#@h", "ws://u:hunter2@", "hunter2",
                           "ws://u:hunter2@h@h", "ws://[hunter2]", "ws://hunter2:x:y"}) {
    CHECK_THAT(problem_of(text), !ContainsSubstring("hunter"));
  }
}

}  // namespace
