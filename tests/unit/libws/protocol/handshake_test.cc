// SPDX-License-Identifier: MIT
// The response half of the client's handshake: each rule of RFC 6455 section 4.1 broken once, under
// every chunking.
#include "protocol/handshake.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "support/fixed_random.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Progress = ClientHandshake::Progress;

std::string status_line() {
  return "HTTP/1.1 101 Switching Protocols\r\n";
}

std::string upgrade_field() {
  return "Upgrade: websocket\r\n";
}

std::string connection_field() {
  return "Connection: Upgrade\r\n";
}

std::string accept_field(const std::string& value = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
  return "Sec-WebSocket-Accept: " + value + "\r\n";
}

std::string good_fields() {
  return status_line() + upgrade_field() + connection_field() + accept_field();
}

HandshakeRequest offer(std::vector<std::string> subprotocols = {}) {
  HandshakeRequest request;
  request.url = {.host = "server.example.com", .target = "/chat", .user = {}, .password = {}};
  request.subprotocols = std::move(subprotocols);
  return request;
}

// The nonce of the example in RFC 6455 section 1.3.
ClientHandshake make_handshake(HandshakeRequest request = offer()) {
  support::FixedRandom random("the sample nonce");
  return ClientHandshake(std::move(request), random);
}

Progress receive(ClientHandshake& handshake, std::string_view bytes) {
  return handshake.receive(std::as_bytes(std::span(bytes)));
}

Progress receive_all(ClientHandshake& handshake, const support::Chunks& chunks) {
  Progress progress = Progress::kNeedMore;
  for (const std::string_view chunk : chunks) {
    progress = receive(handshake, chunk);
  }
  return progress;
}

std::string rest_of(const ClientHandshake& handshake) {
  const auto rest = handshake.rest();
  return {reinterpret_cast<const char*>(rest.data()), rest.size()};
}

void expect_open(const std::string& response, const HandshakeRequest& request = offer(),
                 const std::string& subprotocol = {}) {
  support::for_each_chunking(response + "\r\n", [&](const support::Chunks& chunks) {
    auto handshake = make_handshake(request);
    CHECK(receive_all(handshake, chunks) == Progress::kOpen);
    CHECK(handshake.subprotocol() == subprotocol);
    CHECK(handshake.response().status == 101);
  });
}

void expect_rejected(const std::string& response, const std::string& rule,
                     const HandshakeRequest& request = offer()) {
  support::for_each_chunking(response + "\r\n", [&](const support::Chunks& chunks) {
    auto handshake = make_handshake(request);
    CHECK(receive_all(handshake, chunks) == Progress::kFailed);
    CHECK(handshake.error().phase == Phase::kHttp);
    CHECK(handshake.error().code == ErrorCode::kHandshakeRejected);
    CHECK(handshake.error().message == "the server's handshake is invalid: " + rule);
  });
}

}  // namespace

TEST_CASE("handshake: the example's response opens (RFC 6455 1.3)",
          "[handshake][RFC6455-4.1-accept]") {
  expect_open(good_fields());
}

TEST_CASE("handshake: bytes behind the head are kept, whatever the chunking",
          "[handshake][HS-rest]") {
  support::for_each_chunking(good_fields() + "\r\n\x81\x05Hello",
                             [](const support::Chunks& chunks) {
                               auto handshake = make_handshake();
                               CHECK(receive_all(handshake, chunks) == Progress::kOpen);
                               CHECK(rest_of(handshake) == "\x81\x05Hello");
                             });
}

TEST_CASE("handshake: body framing of a 101 is ignored", "[handshake][HS-101-framing]") {
  support::for_each_chunking(
      good_fields() + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\x89\x00"s,
      [](const support::Chunks& chunks) {
        auto handshake = make_handshake();
        CHECK(receive_all(handshake, chunks) == Progress::kOpen);
        CHECK(rest_of(handshake) == "\x89\x00"s);
      });
}

TEST_CASE("handshake: header names and tokens are compared without case (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-upgrade][RFC6455-4.1-connection][HS-connection-token]") {
  expect_open(status_line() + "UPGRADE: WebSocket\r\nconnection: keep-alive, uPGRADE\r\n" +
              accept_field());
  expect_open(status_line() + upgrade_field() +
              "Connection: keep-alive\r\nConnection: x, Upgrade\r\n" + accept_field());
}

TEST_CASE("handshake: Upgrade must be exactly 'websocket' (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-upgrade][HS-upgrade-exact][CVE-missing-header]") {
  const std::string rule = "the Upgrade header is not exactly 'websocket'";
  for (const std::string upgrade :
       {"", "Upgrade:\r\n", "Upgrade: websocketx\r\n", "Upgrade: h2c, websocket\r\n",
        "Upgrade: websocket/13\r\n", "Upgrade: websocket\r\nUpgrade: websocket\r\n"}) {
    expect_rejected(status_line() + upgrade + connection_field() + accept_field(), rule);
  }
}

TEST_CASE("handshake: Connection must name 'Upgrade' as a whole token (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-connection][HS-connection-token][CVE-missing-header]") {
  const std::string rule = "the Connection header does not name 'Upgrade'";
  for (const std::string connection :
       {"", "Connection: keep-alive\r\n", "Connection: Upgrades\r\n", "Connection: xUpgrade\r\n",
        "Connection: Upgrade keep-alive\r\n"}) {
    expect_rejected(status_line() + upgrade_field() + connection + accept_field(), rule);
  }
}

TEST_CASE("handshake: Accept must answer the key, once (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-accept][HS-accept-once][CVE-missing-header]") {
  const std::string rest = status_line() + upgrade_field() + connection_field();
  expect_rejected(rest, "there is no Sec-WebSocket-Accept header");
  expect_rejected(rest + accept_field() + accept_field(),
                  "there is more than one Sec-WebSocket-Accept header");
  const std::string rule = "Sec-WebSocket-Accept does not answer the key sent";
  for (const std::string value : {"", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                                  "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=,", "dGhlIHNhbXBsZSBub25jZQ=="}) {
    expect_rejected(rest + accept_field(value), rule);
  }
  expect_open(rest + "Sec-WebSocket-Accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n");
}

TEST_CASE("handshake: an extension that was not offered fails (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-extension][HS-extension-lines]") {
  const std::string rule = "the server chose an extension that was not offered";
  expect_rejected(good_fields() + "Sec-WebSocket-Extensions: permessage-deflate\r\n", rule);
  expect_rejected(
      good_fields() + "Sec-WebSocket-Extensions:\r\nSec-WebSocket-Extensions: x;y=1\r\n", rule);
  expect_open(good_fields() + "Sec-WebSocket-Extensions:\r\n");
}

TEST_CASE("handshake: permessage-deflate is agreed on when it was offered (RFC 7692 5)",
          "[handshake][RFC7692-7.1-answer][RFC7692-7.1-declined][HS-extension-lines]") {
  auto request = offer();
  request.compression.enabled = true;
  const std::string field = "Sec-WebSocket-Extensions: permessage-deflate";
  support::for_each_chunking(
      good_fields() + field + "; client_max_window_bits=10;\r\n" +
          "sec-websocket-extensions: , ,\r\n\r\n",
      [&](const support::Chunks& chunks) {
        auto handshake = make_handshake(request);
        CHECK(receive_all(handshake, chunks) == Progress::kFailed);  // a ';' too many
      });
  support::for_each_chunking(good_fields() + "Sec-WebSocket-Extensions:\r\n" + field +
                                 "; client_max_window_bits=10; server_no_context_takeover\r\n\r\n",
                             [&](const support::Chunks& chunks) {
                               auto handshake = make_handshake(request);
                               CHECK(receive_all(handshake, chunks) == Progress::kOpen);
                               REQUIRE(handshake.deflate());
                               CHECK(handshake.deflate()->window_bits == 10);
                               CHECK(handshake.deflate()->peer_no_context_takeover);
                             });
  auto declined = make_handshake(request);
  CHECK(receive(declined, good_fields() + "\r\n") == Progress::kOpen);
  CHECK_FALSE(declined.deflate());

  expect_rejected(good_fields() + field + "\r\n" + field + "\r\n",
                  "the server chose permessage-deflate twice", request);
  expect_rejected(good_fields() + field + "; x\r\n",
                  "permessage-deflate has a parameter that was not offered", request);
  expect_rejected(good_fields() + field + "; =\r\n",
                  "the Sec-WebSocket-Extensions header is malformed", request);
}

TEST_CASE("handshake: the subprotocol must be one that was offered (RFC 6455 4.1)",
          "[handshake][RFC6455-4.1-subprotocol][HS-subprotocol-case]") {
  const auto two = offer({"chat.v2", "chat.v1"});
  expect_open(good_fields() + "Sec-WebSocket-Protocol: chat.v1\r\n", two, "chat.v1");
  const std::string rule = "the server chose a subprotocol that was not offered";
  expect_rejected(good_fields() + "Sec-WebSocket-Protocol: Chat.v1\r\n", rule, two);
  expect_rejected(good_fields() + "Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n", rule, two);
  expect_rejected(good_fields() + "Sec-WebSocket-Protocol:\r\n", rule, two);
  expect_rejected(good_fields() + "Sec-WebSocket-Protocol: chat.v1\r\n", rule);
  expect_rejected(
      good_fields() + "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Protocol: chat.v1\r\n",
      "there is more than one Sec-WebSocket-Protocol header", two);
}

TEST_CASE("handshake: no subprotocol fails only where one is required",
          "[handshake][HS-required-subprotocol]") {
  auto request = offer({"chat"});
  expect_rejected(good_fields(), "the server chose none of the subprotocols offered", request);
  request.require_subprotocol = false;
  expect_open(good_fields(), request);
  expect_open(good_fields(), offer());
}

TEST_CASE("handshake: a 101 of HTTP/1.0 fails (RFC 6455 4.1)", "[handshake][HS-http10]") {
  expect_rejected("HTTP/1.0 101 x\r\n" + upgrade_field() + connection_field() + accept_field(),
                  "101 of HTTP/1.0");
}

TEST_CASE("handshake: a head that breaks HTTP is named", "[handshake][HS-strict-http]") {
  expect_rejected(status_line() + upgrade_field() + " folded\r\n",
                  "header field folded over lines");
  expect_rejected("220 smtp ready\r\n", "response that is not HTTP/1");
}

TEST_CASE("handshake: frames before the response fail it (RFC 6455 4.1)",
          "[handshake][OWN-early-frames]") {
  for (const std::string early : {"\x81\x05Hello", "\x89\x01!", "\x88\x02\x03\xe8"}) {
    expect_rejected(early + good_fields(), "response that is not HTTP/1");
  }
  expect_rejected("HTTP/1.1 100 Continue\r\n\r\n\x89\x01!" + good_fields(),
                  "response that is not HTTP/1");
}

TEST_CASE("handshake: eight interim responses are skipped, nine are not",
          "[handshake][HS-interim]") {
  std::string interim;
  for (const int status : {100, 102, 103, 100, 102, 103, 199, 100}) {
    interim += "HTTP/1.1 " + std::to_string(status) + " x\r\nLink: </a>\r\n\r\n";
  }
  auto handshake = make_handshake();
  CHECK(receive_all(handshake, support::byte_by_byte(interim + good_fields() + "\r\n")) ==
        Progress::kOpen);
  CHECK(handshake.response().headers.size() == 3);

  auto too_many = make_handshake();
  CHECK(receive(too_many, interim + "HTTP/1.1 100 x\r\n\r\n") == Progress::kFailed);
  CHECK(too_many.error().code == ErrorCode::kHandshakeRejected);
}

TEST_CASE("handshake: a lost connection is neither a status nor a broken rule",
          "[handshake][OWN-end-in-handshake]") {
  for (std::size_t size = 0; size < good_fields().size(); ++size) {
    auto handshake = make_handshake();
    CHECK(receive(handshake, good_fields().substr(0, size)) == Progress::kNeedMore);
    CHECK(handshake.receive_eof() == Progress::kFailed);
    CHECK(handshake.error().code == ErrorCode::kConnectionLost);
    CHECK(handshake.error().phase == Phase::kHttp);
  }
}

TEST_CASE("handshake: max_header bounds the response head", "[handshake][HS-limits]") {
  auto request = offer();
  request.max_header = good_fields().size() + 2;
  expect_open(good_fields(), request);
  request.max_header = good_fields().size() + 1;
  expect_rejected(good_fields(), "response head longer than max_header", request);
}

TEST_CASE("handshake: giving up before a refusal's body changes nothing", "[handshake]") {
  auto handshake = make_handshake();
  CHECK(handshake.give_up() == Progress::kNeedMore);
  CHECK(receive(handshake, good_fields()) == Progress::kNeedMore);
  CHECK(handshake.give_up() == Progress::kNeedMore);
  CHECK(receive(handshake, "\r\n") == Progress::kOpen);
}

}  // namespace ws::protocol
