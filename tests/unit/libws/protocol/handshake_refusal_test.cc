// SPDX-License-Identifier: MIT
// Responses that are no 101: the status, the headers and a bounded body become the error.
#include <string>

#include "protocol/handshake.h"
#include "support/catch.h"
#include "support/fixed_random.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {
namespace {

using Progress = ClientHandshake::Progress;

ClientHandshake make_handshake() {
  support::FixedRandom random;
  HandshakeRequest request;
  request.url = {.host = "h", .target = "/", .user = {}, .password = {}};
  return ClientHandshake(std::move(request), random);
}

enum class End { kNone, kEof, kGivenUp };

// kNeedMore until the last byte or, when something must end it, until that.
void receive_until_failed(ClientHandshake& handshake, const support::Chunks& chunks, End end) {
  Progress progress = Progress::kNeedMore;
  for (const std::string_view chunk : chunks) {
    CHECK(progress == Progress::kNeedMore);
    progress = handshake.receive(std::as_bytes(std::span(chunk)));
  }
  if (end != End::kNone) {
    CHECK(progress == Progress::kNeedMore);
    progress = end == End::kEof ? handshake.receive_eof() : handshake.give_up();
  }
  CHECK(progress == Progress::kFailed);
}

// The refusal as it is told after these bytes and that end.
void expect_refusal(const std::string& response, End end, int status, const std::string& body) {
  support::for_each_chunking(response, [&](const support::Chunks& chunks) {
    auto handshake = make_handshake();
    receive_until_failed(handshake, chunks, end);
    const Error& error = handshake.error();
    CHECK(error.code == ErrorCode::kHttpStatus);
    CHECK(error.phase == Phase::kHttp);
    REQUIRE(error.response);
    CHECK(error.response->status == status);
    CHECK(error.response->body == body);
  });
}

}  // namespace

TEST_CASE("refusal: a body of Content-Length ends by itself (RFC 9112 6.3)",
          "[handshake][HS-refusal]") {
  expect_refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno!!\n", End::kNone, 403,
                 "no!!\n");
  expect_refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 2, 2\r\n\r\nno", End::kNone, 403, "no");
  expect_refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", End::kNone, 403, "");
  expect_refusal("HTTP/1.1 204 No Content\r\n\r\n", End::kNone, 204, "");
  expect_refusal("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", End::kNone, 304, "");
}

TEST_CASE("refusal: a chunked body ends with its last chunk (RFC 9112 7.1)", "[handshake]") {
  expect_refusal(
      "HTTP/1.1 500 x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4;a=b\r\nWiki\r\nA\r\n0123456789\r\n0\r\n",
      End::kNone, 500, "Wiki0123456789");
  expect_refusal(
      "HTTP/1.1 500 x\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: "
      "1\r\n\r\n1\r\nx\r\n0\r\n",
      End::kNone, 500, "x");
}

TEST_CASE("refusal: broken chunks end the body and not the story", "[handshake]") {
  expect_refusal("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\nz", End::kNone, 500, "");
  expect_refusal("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", End::kNone, 500,
                 "a");
  expect_refusal("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n1234567812345678", End::kNone,
                 500, "");
}

TEST_CASE("refusal: a body without framing ends with the connection (RFC 9112 6.3)",
          "[handshake]") {
  expect_refusal("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic\r\n\r\nwho?", End::kEof, 401, "who?");
  expect_refusal("HTTP/1.0 503 Service Unavailable\r\n\r\nbusy", End::kEof, 503, "busy");
  expect_refusal("HTTP/1.1 400 x\r\nContent-Length: 3, 4\r\n\r\nabc", End::kEof, 400, "abc");
  expect_refusal("HTTP/1.1 400 x\r\nContent-Length: -1\r\n\r\nabc", End::kEof, 400, "abc");
}

TEST_CASE("refusal: a body cut by EOF or by giving up is told as far as it came", "[handshake]") {
  const std::string response = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nupstr";
  expect_refusal(response, End::kEof, 502, "upstr");
  expect_refusal(response, End::kGivenUp, 502, "upstr");
  expect_refusal("HTTP/1.1 502 x\r\n\r\n", End::kGivenUp, 502, "");
}

TEST_CASE("refusal: a server of other versions is told with those it speaks (RFC 6455 4.4)",
          "[handshake][RFC6455-4.4-version][RFC6455-4.1-status]") {
  auto handshake = make_handshake();
  receive_until_failed(handshake,
                       {"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7\r\n"
                        "Content-Length: 0\r\n\r\n"},
                       End::kNone);
  CHECK(handshake.error().code == ErrorCode::kHttpStatus);
  CHECK(handshake.error().message == "the server answered 426");
  REQUIRE(handshake.error().response);
  CHECK(*handshake.error().response->find("Sec-WebSocket-Version") == "8, 7");
}

TEST_CASE("refusal: 64 KiB of the body are kept and no more is waited for",
          "[handshake][HS-refusal]") {
  auto handshake = make_handshake();
  std::string bytes = "HTTP/1.1 404 x\r\nContent-Length: 99999999\r\n\r\n";
  bytes.append(kMaxRefusalBody - 1, 'x');
  CHECK(handshake.receive(std::as_bytes(std::span(bytes))) == Progress::kNeedMore);
  const std::string more = "yz";
  CHECK(handshake.receive(std::as_bytes(std::span(more))) == Progress::kFailed);
  CHECK(handshake.error().response->body.size() == kMaxRefusalBody);
  CHECK(handshake.error().response->body.back() == 'y');
}

TEST_CASE("refusal: a Content-Length near 2^64 is not trusted", "[handshake]") {
  for (const std::string length :
       {"999999999999999999", "18446744073709551615", "99999999999999999999999999"}) {
    expect_refusal("HTTP/1.1 404 x\r\nContent-Length: " + length + "\r\n\r\nabc", End::kEof, 404,
                   "abc");
  }
}

TEST_CASE("refusal: the message tells the status code and nothing else of the peer's",
          "[handshake]") {
  auto handshake = make_handshake();
  const std::string bytes = "HTTP/1.1 403 Forbidden\r\nX: secret\r\nContent-Length: 3\r\n\r\nabc";
  REQUIRE(handshake.receive(std::as_bytes(std::span(bytes))) == Progress::kFailed);
  CHECK(handshake.error().message == "the server answered 403");
  CHECK(handshake.error().response->reason == "Forbidden");
  REQUIRE(handshake.error().response->find("x") != nullptr);
  CHECK(*handshake.error().response->find("x") == "secret");
}

}  // namespace ws::protocol
