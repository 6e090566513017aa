// SPDX-License-Identifier: MIT
// A server's answers to good and bad opening handshakes.
#include "protocol/server_handshake.h"

#include <string>

#include "protocol/base64.h"
#include "protocol/handshake.h"
#include "support/catch.h"
#include "support/fixed_random.h"

namespace ws::protocol {
namespace {

using Progress = ServerHandshakeResult::Progress;

constexpr std::size_t kLimit = 16384;

std::string request_line() {
  return "GET /chat HTTP/1.1\r\n";
}

std::string host_field() {
  return "Host: server.example.com\r\n";
}

std::string upgrade_fields() {
  return "Upgrade: websocket\r\nConnection: Upgrade\r\n";
}

std::string key_field() {
  return "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
}

std::string version_field() {
  return "Sec-WebSocket-Version: 13\r\n";
}

std::string good_request() {
  return request_line() + host_field() + upgrade_fields() + key_field() + version_field();
}

void expect_refused(const std::string& request, const std::string& status) {
  const auto result = answer_request(request + "\r\n");
  CHECK(result.progress == Progress::kRefused);
  CHECK_THAT(result.response, StartsWith("HTTP/1.1 " + status + "\r\n"));
}

}  // namespace

TEST_CASE("server handshake: the example's accept key (RFC 6455 1.3)", "[handshake]") {
  CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("server handshake: the example is answered, once it is whole (RFC 6455 1.3)",
          "[handshake]") {
  const std::string request = good_request() + "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    CHECK(answer_request(request.substr(0, size)).progress == Progress::kNeedMore);
  }
  const auto result = answer_request(request + "\x81");
  CHECK(result.progress == Progress::kOpen);
  CHECK(result.consumed == request.size());
  CHECK(result.subprotocol == "chat");
  CHECK(result.response ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: chat\r\n\r\n");
}

TEST_CASE("server handshake: our client and our server agree", "[handshake]") {
  support::CountingRandom random;
  HandshakeRequest request;
  request.url = {.host = "::1", .port = 8080, .target = "/", .user = {}, .password = {}};
  request.subprotocols = {"b", "a"};
  ClientHandshake client(request, random);
  const auto answer = answer_request(client.request_bytes());
  REQUIRE(answer.progress == Progress::kOpen);
  CHECK(client.receive(std::as_bytes(std::span(answer.response))) ==
        ClientHandshake::Progress::kOpen);
  CHECK(client.subprotocol() == "b");
}

TEST_CASE("server handshake: each missing or wrong part is refused (RFC 6455 4.2.1)",
          "[handshake]") {
  const std::string bad = "400 Bad Request";
  expect_refused(
      "POST /chat HTTP/1.1\r\n" + host_field() + upgrade_fields() + key_field() + version_field(),
      bad);
  expect_refused(
      "GET /chat HTTP/1.0\r\n" + host_field() + upgrade_fields() + key_field() + version_field(),
      bad);
  expect_refused(
      "GET  HTTP/1.1\r\n" + host_field() + upgrade_fields() + key_field() + version_field(), bad);
  expect_refused(
      "GET /a b HTTP/1.1\r\n" + host_field() + upgrade_fields() + key_field() + version_field(),
      bad);
  expect_refused(request_line() + upgrade_fields() + key_field() + version_field(), bad);
  expect_refused(request_line() + host_field() + host_field() + upgrade_fields() + key_field() +
                     version_field(),
                 bad);
  expect_refused(
      request_line() + host_field() + "Connection: Upgrade\r\n" + key_field() + version_field(),
      bad);
  expect_refused(
      request_line() + host_field() + "Upgrade: websocket\r\n" + key_field() + version_field(),
      bad);
  expect_refused(request_line() + host_field() + upgrade_fields() + version_field(), bad);
  expect_refused(request_line() + host_field() + upgrade_fields() + key_field() + key_field() +
                     version_field(),
                 bad);
  expect_refused(request_line() + host_field() + upgrade_fields() +
                     "Sec-WebSocket-Key: short==\r\n" + version_field(),
                 bad);
  expect_refused(good_request() + "Folded: a\r\n b\r\n", bad);
  expect_refused("\r\n", bad);
}

TEST_CASE("server handshake: another version is told which one is spoken (RFC 6455 4.4)",
          "[handshake]") {
  const auto result = answer_request(request_line() + host_field() + upgrade_fields() +
                                     key_field() + "Sec-WebSocket-Version: 8\r\n\r\n");
  CHECK(result.progress == Progress::kRefused);
  CHECK_THAT(result.response, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  CHECK_THAT(result.response, ContainsSubstring("Sec-WebSocket-Version: 13\r\n"));
}

TEST_CASE("server handshake: a request ends within 16 KiB or is refused", "[handshake]") {
  const std::string start = good_request() + "X: ";
  std::string request = start + std::string(kLimit - start.size() - 4, 'x') + "\r\n\r\n";
  REQUIRE(request.size() == kLimit);
  CHECK(answer_request(request).progress == Progress::kOpen);
  CHECK(answer_request(request.substr(0, kLimit - 1)).progress == Progress::kNeedMore);
  request.insert(start.size(), "x");
  CHECK(answer_request(request).progress == Progress::kRefused);
  CHECK(answer_request(request.substr(0, kLimit)).progress == Progress::kRefused);
}

TEST_CASE("base64: lengths of every remainder (RFC 4648 10)", "[handshake]") {
  const auto encode = [](std::string_view text) {
    return encode_base64(std::as_bytes(std::span(text)));
  };
  CHECK(encode("").empty());
  CHECK(encode("f") == "Zg==");
  CHECK(encode("fo") == "Zm8=");
  CHECK(encode("foo") == "Zm9v");
  CHECK(encode("foobar") == "Zm9vYmFy");
  CHECK(is_base64_of_16_bytes(encode("the sample nonce")));
  CHECK_FALSE(is_base64_of_16_bytes(encode("the sample nonc")));
  CHECK_FALSE(is_base64_of_16_bytes(encode("the sample nonces")));
  CHECK_FALSE(is_base64_of_16_bytes("dGhlIHNhbXBsZSBub25jZR=="));
  CHECK_FALSE(is_base64_of_16_bytes("dGhlIHNhbXBsZSBub25j*Q=="));
}

}  // namespace ws::protocol
