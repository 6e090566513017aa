// SPDX-License-Identifier: MIT
#include "daemon/http_request.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using State = HttpRequestReader::State;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

struct Read {
  State state = State::kNeedMore;
  HttpRequest request;
  int status = 0;

  bool operator==(const Read& other) const {
    return state == other.state && status == other.status &&
           request.method == other.request.method && request.path == other.request.path &&
           request.query == other.request.query && request.fields == other.request.fields;
  }
};

Read read_in(std::initializer_list<std::string_view> pieces) {
  HttpRequestReader reader;
  Read read;
  for (const std::string_view piece : pieces) {
    read.state = reader.receive(bytes_of(piece));
  }
  read.request = reader.request();
  read.status = read.state == State::kRefused ? reader.refusal().status : 0;
  return read;
}

// Whole, byte by byte and in every two pieces it reads as the same.
Read read_chunked(std::string_view text) {
  const Read whole = read_in({text});
  HttpRequestReader bytewise;
  for (const char& c : text) {
    bytewise.receive(bytes_of({&c, 1}));
  }
  CHECK(bytewise.state() == whole.state);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    CHECK(read_in({text.substr(0, i), text.substr(i)}) == whole);
  }
  return whole;
}

TEST_CASE("http request: method, path, query and fields are read in any chunking", "[http]") {
  const Read read = read_chunked(
      "GET /status?width=80 HTTP/1.1\r\nHost: localhost\r\nX-Thing:  a b \r\nEMPTY:\r\n\r\n");
  REQUIRE(read.state == State::kComplete);
  CHECK(read.request.method == "GET");
  CHECK(read.request.path == "/status");
  CHECK(read.request.query == "width=80");
  CHECK(*read.request.find("host") == "localhost");
  CHECK(*read.request.find("x-thing") == "a b");
  CHECK(read.request.find("empty")->empty());
  CHECK(read.request.find("absent") == nullptr);
}

TEST_CASE("http request: a body is waited for and skipped", "[http]") {
  const std::string_view head = "POST /ctl/drain HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
  CHECK(read_chunked(std::string(head) + "abcd").state == State::kComplete);
  CHECK(read_in({head, "abc"}).state == State::kNeedMore);
  CHECK(read_in({std::string(head) + "abcdGET / HTTP/1.1\r\n\r\n"}).request.method == "POST");
}

TEST_CASE("http request: what is malformed or ambiguous is refused", "[http]") {
  struct Case {
    std::string_view text;
    int status;
  };

  const auto each = GENERATE(
      Case{"GET / HTTP/1.1\r\n\r\n", 400},                        // no Host
      Case{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},  // two
      Case{"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},     // absolute
      Case{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505}, Case{"GET /\r\n\r\n", 400},
      Case{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400}, Case{"\r\n\r\n", 400},
      Case{"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      Case{"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},  // RFC 9112 5.2
      Case{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},            // RFC 9112 5.1
      Case{"GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n", 400},       // a bare LF
      Case{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413});
  CAPTURE(each.text);
  const Read read = read_chunked(each.text);
  CHECK(read.state == State::kRefused);
  CHECK(read.status == each.status);
}

TEST_CASE("http request: a head of 8 KiB is taken and a longer one refused", "[http]") {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::size_t room = HttpRequestReader::kMaxHead - start.size() - 4;
  CHECK(read_in({start + std::string(room, 'x') + "\r\n\r\n"}).state == State::kComplete);
  CHECK(read_in({start + std::string(room + 1, 'x') + "\r\n\r\n"}).status == 431);
  CHECK(read_in({start, std::string(2 * room, 'x')}).status == 431);
  const std::string body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n";
  CHECK(read_in({body, std::string(65536, 'x')}).state == State::kComplete);
}

}  // namespace
}  // namespace wsbridged
