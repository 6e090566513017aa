// SPDX-License-Identifier: MIT
// The request half of the client's handshake: its bytes, and what is refused before any is sent.
#include <string>

#include "protocol/handshake.h"
#include "support/catch.h"
#include "support/fixed_random.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;

HandshakeRequest make_request() {
  HandshakeRequest request;
  request.url = {.host = "server.example.com", .target = "/chat?a=b", .user = {}, .password = {}};
  return request;
}

std::string bytes_of(HandshakeRequest request) {
  support::FixedRandom random("the sample nonce");
  return ClientHandshake(std::move(request), random).request_bytes();
}

void expect_refused(const HandshakeRequest& request, const std::string& message) {
  const auto error = check_request(request);
  REQUIRE(error);
  CHECK(error->phase == Phase::kOptions);
  CHECK(error->code == ErrorCode::kInvalidOption);
  CHECK(error->message == message);
}

}  // namespace

TEST_CASE("request: the least one (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-request][RFC6455-4.1-host][RFC6455-4.1-key][RFC6455-4.1-origin]["
          "HS-names]") {
  CHECK(bytes_of(make_request()) ==
        "GET /chat?a=b HTTP/1.1\r\n"
        "Host: server.example.com\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "User-Agent: libws/0.1.0\r\n"
        "\r\n");
}

TEST_CASE("request: compression is offered when it is enabled (RFC 7692 7.1)",
          "[handshake][RFC7692-5-offer]") {
  auto request = make_request();
  request.compression.client_max_window_bits = 8;  // not asked for, not looked at
  CHECK_FALSE(check_request(request));
  CHECK(bytes_of(request).find("Extensions") == std::string::npos);
  request.compression.enabled = true;
  expect_refused(request, "compression.client_max_window_bits must be 9 to 15");
  request.compression.client_max_window_bits = 15;
  CHECK_FALSE(check_request(request));
  CHECK_THAT(bytes_of(request),
             ContainsSubstring("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                               "client_max_window_bits\r\n"));
}

TEST_CASE("request: every header has its place, the caller's come last",
          "[handshake][RFC6455-4.1-protocols][RFC6455-4.1-origin][HS-reserved]") {
  auto request = make_request();
  request.subprotocols = {"chat.v2", "chat.v1"};
  request.origin = "http://example.com";
  request.cookie = "a=b; c=d";
  request.headers = {{"X-Tenant", "acme"}, {"user-agent", "me/1"}, {"host", "other:81"}};
  CHECK_FALSE(check_request(request));
  CHECK(bytes_of(request) ==
        "GET /chat?a=b HTTP/1.1\r\n"
        "Host: other:81\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n"
        "Origin: http://example.com\r\n"
        "Cookie: a=b; c=d\r\n"
        "X-Tenant: acme\r\n"
        "user-agent: me/1\r\n"
        "\r\n");
}

TEST_CASE("request: each attempt has a key of its own (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-key]") {
  support::CountingRandom random;
  const ClientHandshake first(make_request(), random);
  const ClientHandshake second(make_request(), random);
  CHECK(first.request_bytes() != second.request_bytes());
}

TEST_CASE("request: headers of the handshake are not overridden", "[handshake][HS-reserved]") {
  for (const std::string name :
       {"Upgrade", "connection", "Sec-WebSocket-Key", "sec-websocket-version",
        "Sec-WebSocket-Protocol", "SEC-WEBSOCKET-EXTENSIONS", "Content-Length",
        "Transfer-Encoding"}) {
    auto request = make_request();
    request.headers = {{name, "x"}};
    expect_refused(request, "header " + name + " belongs to the handshake");
  }
}

TEST_CASE("request: nothing smuggles a line in", "[handshake][HS-injection][CVE-injection]") {
  for (const std::string& bad : {"a\r\nB: c"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x7f"s}) {
    auto request = make_request();
    request.headers = {{"X", bad}};
    expect_refused(request, "header X holds a control character");

    request = make_request();
    request.headers = {{bad, "x"}};
    expect_refused(request, "a header name is not a token");

    request = make_request();
    request.subprotocols = {bad};
    expect_refused(request, "a subprotocol is not a token");

    for (const auto field : {&HandshakeRequest::cookie, &HandshakeRequest::origin}) {
      request = make_request();
      request.*field = bad;
      expect_refused(request,
                     "the cookie, the origin or the authorization holds a control character");
    }
    for (const auto field : {&Url::host, &Url::target}) {
      request = make_request();
      request.url.*field = bad;
      expect_refused(request, "the URL holds a space or a control character");
    }
  }
}

TEST_CASE("request: one header from two sources is a mistake", "[handshake]") {
  auto request = make_request();
  request.cookie = "a=b";
  request.headers = {{"cookie", "c=d"}};
  expect_refused(request, "header Cookie is given twice (a header and the cookie jar?)");
  request.cookie = "";
  CHECK_FALSE(check_request(request));

  request.headers = {{"Origin", "http://a"}};
  request.origin = "http://b";
  expect_refused(request, "header Origin is given twice");

  request.origin = "";
  request.headers = {{"Host", "a"}, {"host", "b"}};
  expect_refused(request, "header Host is given twice");
}

TEST_CASE("request: subprotocols are distinct tokens (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-protocols]") {
  auto request = make_request();
  request.subprotocols = {"a", "A", "b"};
  CHECK_FALSE(check_request(request));
  request.subprotocols = {"a", "b", "a"};
  expect_refused(request, "subprotocol a is offered twice");
  request.subprotocols = {""};
  expect_refused(request, "a subprotocol is not a token");
  request.subprotocols = {"a,b"};
  expect_refused(request, "a subprotocol is not a token");
}

}  // namespace ws::protocol
