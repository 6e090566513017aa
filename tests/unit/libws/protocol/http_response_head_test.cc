// SPDX-License-Identifier: MIT
// Response heads: what is taken, what is refused, and every limit from both sides.
#include "protocol/http_response_head.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using Progress = HttpResponseHead::Progress;

constexpr std::size_t kEnough = 1 << 16;

struct Decoded {
  Progress progress = Progress::kNeedMore;
  std::size_t taken = 0;
  HttpResponse response{};
  std::string violation{};
  bool is_http_1_0 = false;
};

Decoded decode(const support::Chunks& chunks, std::size_t max_header = kEnough) {
  HttpResponseHead head(max_header);
  Decoded result;
  for (const std::string_view chunk : chunks) {
    const auto step = head.receive(std::as_bytes(std::span(chunk)));
    result.progress = step.progress;
    result.taken += step.taken;
    if (step.progress != Progress::kNeedMore) {
      break;
    }
  }
  result.violation = head.violation();
  result.is_http_1_0 = head.is_http_1_0();
  result.response = head.take();
  return result;
}

void expect_violation(const std::string& head, const std::string& rule) {
  support::for_each_chunking(head, [&](const support::Chunks& chunks) {
    const auto decoded = decode(chunks);
    CHECK(decoded.progress == Progress::kViolation);
    CHECK(decoded.violation == rule);
  });
}

void expect_status(const std::string& line, int status, const std::string& reason) {
  support::for_each_chunking(line + "\r\n\r\n", [&](const support::Chunks& chunks) {
    const auto decoded = decode(chunks);
    CHECK(decoded.progress == Progress::kComplete);
    CHECK(decoded.response.status == status);
    CHECK(decoded.response.reason == reason);
  });
}

std::string head_with_fields(std::size_t count) {
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  for (std::size_t i = 0; i < count; ++i) {
    head += "A: b\r\n";
  }
  return head + "\r\n";
}

}  // namespace

TEST_CASE("response head: the example's is decoded, and what follows is left (RFC 6455 1.3)",
          "[http]") {
  const std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  support::for_each_chunking(head + "\x81\x05Hello", [&](const support::Chunks& chunks) {
    const auto decoded = decode(chunks);
    CHECK(decoded.progress == Progress::kComplete);
    CHECK(decoded.taken == head.size());
    CHECK(decoded.response.status == 101);
    CHECK(decoded.response.reason == "Switching Protocols");
    CHECK(decoded.response.headers ==
          std::vector<Header>{{"Upgrade", "websocket"},
                              {"Connection", "Upgrade"},
                              {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}});
  });
}

TEST_CASE("response head: odd and empty reason phrases are fine (RFC 9112 4)",
          "[http][HS-reason]") {
  expect_status("HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols");
  expect_status("HTTP/1.1 101 null", 101, "null");
  expect_status("HTTP/1.1 101 ", 101, "");
  expect_status("HTTP/1.1 101", 101, "");
  expect_status("HTTP/1.1 403 Acc\xc3\xa8s \xe9", 403, "Acc\xc3\xa8s \xe9");
  expect_status("HTTP/1.1 999 x", 999, "x");
}

TEST_CASE("response head: a malformed status line fails (RFC 9112 4)", "[http]") {
  for (const std::string line : {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 10", "HTTP/1.1 1012 x",
                                 "HTTP/1.1  101 x", "HTTP/1.2 101 x", "HTTP/1.1\t101 x"}) {
    expect_violation(line + "\r\n\r\n", "malformed status line");
  }
  expect_violation("HTTP/1.1 1x1 x\r\n\r\n", "malformed status code");
  expect_violation("HTTP/1.1 -10 x\r\n\r\n", "malformed status code");
  expect_violation("HTTP/1.1 099 x\r\n\r\n", "malformed status code");
  expect_violation("HTTP/1.1 101 \x1b[31m\r\n\r\n", "control character in the reason phrase");
}

TEST_CASE("response head: what is not HTTP/1 fails with its first wrong byte", "[http]") {
  expect_violation("SSH-2.0-OpenSSH\r\n", "response that is not HTTP/1");
  expect_violation("\x15\x03\x01\x00\x02\x02\x46"s, "response that is not HTTP/1");
  expect_violation("HTTP/2 101\r\n\r\n", "response that is not HTTP/1");
  expect_violation("http/1.1 101 x\r\n\r\n", "response that is not HTTP/1");
  CHECK(decode({"HTTQ"}).taken == 4);
}

TEST_CASE("response head: HTTP/1.0 is told apart", "[http]") {
  CHECK(decode({"HTTP/1.0 503 x\r\n\r\n"}).is_http_1_0);
  CHECK_FALSE(decode({"HTTP/1.1 503 x\r\n\r\n"}).is_http_1_0);
}

TEST_CASE("response head: field values lose the whitespace around them only (RFC 9110 5.5)",
          "[http]") {
  const auto decoded = decode({"HTTP/1.1 200 OK\r\nA:b\r\nC: \t d  e \t\r\nF:\r\nG:   \r\n\r\n"});
  CHECK(decoded.response.headers ==
        std::vector<Header>{{"A", "b"}, {"C", "d  e"}, {"F", ""}, {"G", ""}});
}

TEST_CASE("response head: what parsers could understand differently fails (RFC 9112 2.2, 5)",
          "[http][HS-strict-http]") {
  const std::string status = "HTTP/1.1 101 x\r\n";
  expect_violation(status + "A: b\r\n c\r\n\r\n", "header field folded over lines");
  expect_violation(status + "A: b\r\n\tc\r\n\r\n", "header field folded over lines");
  expect_violation(status + " A: b\r\n\r\n", "header field folded over lines");
  expect_violation(status + "A : b\r\n\r\n", "space before the colon of a header field");
  expect_violation(status + "A\t: b\r\n\r\n", "space before the colon of a header field");
  expect_violation(status + "A b: c\r\n\r\n", "header field name that is not a token");
  expect_violation(status + ": c\r\n\r\n", "header field name that is not a token");
  expect_violation(status + "nothing\r\n\r\n", "header line without a colon");
  expect_violation(status + "A: b\rc\r\n\r\n", "CR without LF in the response head");
  expect_violation(status + "A: b\r\r\n\r\n", "CR without LF in the response head");
  expect_violation(status + "A: b\n\r\n", "LF without CR in the response head");
  expect_violation(status + "A: b\0c\r\n\r\n"s, "NUL in the response head");
  expect_violation(status + "A: b\x01\r\n\r\n", "control character in a header field");
  expect_violation(status + "A: b\x7f\r\n\r\n", "control character in a header field");
}

TEST_CASE("response head: max_header bytes are taken, one more is not", "[http][HS-limits]") {
  const std::string head = "HTTP/1.1 101 x\r\nA: bcd\r\n\r\n";
  support::for_each_chunking(head, [&](const support::Chunks& chunks) {
    CHECK(decode(chunks, head.size()).progress == Progress::kComplete);
    const auto decoded = decode(chunks, head.size() - 1);
    CHECK(decoded.progress == Progress::kViolation);
    CHECK(decoded.violation == "response head longer than max_header");
  });
}

TEST_CASE("response head: 128 fields are taken, 129 are not",
          "[http][HS-limits][CVE-missing-header]") {
  CHECK(decode({head_with_fields(128)}).progress == Progress::kComplete);
  const auto decoded = decode({head_with_fields(129)});
  CHECK(decoded.progress == Progress::kViolation);
  CHECK(decoded.violation == "more than 128 header fields");
}

TEST_CASE("response head: 20 MB in single bytes stop at the limit", "[http][CVE-header-drip]") {
  HttpResponseHead head(kEnough);
  const std::string start = "HTTP/1.1 101 x\r\nA: ";
  REQUIRE(head.receive(std::as_bytes(std::span(start))).progress == Progress::kNeedMore);
  std::size_t taken = start.size();
  const std::byte byte{'x'};
  while (taken < 20'000'000) {
    const auto step = head.receive({&byte, 1});
    taken += step.taken;
    if (step.progress != Progress::kNeedMore) {
      break;
    }
  }
  CHECK(taken == kEnough + 1);
}

}  // namespace ws::protocol
