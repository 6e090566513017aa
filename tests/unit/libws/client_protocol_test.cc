// SPDX-License-Identifier: MIT
// The protocol without a network, through its public face. What it says of frames is in the tests
// of protocol/; here is that handshake and connection are joined rightly.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <ws/client_protocol.h>

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace ws {
namespace {

using namespace std::chrono_literals;
using Kind = ProtocolEvent::Kind;
using Events = std::vector<ProtocolEvent>;

constexpr ClientProtocol::TimePoint kStart{};

// For the key of sixteen zeros (RFC 6455 4.2.2).
const std::string kResponse =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\nSec-WebSocket-Protocol: b\r\n\r\n";

void zeros(std::span<std::byte> bytes) {
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
}

Options options() {
  return {.subprotocols = {"a", "b"},
          .close_timeout = 5s,
          .ping_interval = 20s,
          .ping_timeout = 10s,
          .max_message = 100};
}

struct OpenClient {
  OpenClient() {
    client.receive(kResponse, kStart);
    (void)client.take_events();
    (void)client.take_output();
  }

  ClientProtocol client{"ws://host/path", options(), zeros};
};

}  // namespace

TEST_CASE("client protocol: handshake and frames in every chunking") {
  support::for_each_chunking(
      kResponse + "\x81\x02hi" + "\x8A\x01!" + std::string("\x82\x00\x88\x02\x03\xE8", 6),
      [](const auto& chunks) {
        ClientProtocol client("ws://host/path", options(), zeros);
        CHECK(client.state() == State::kConnecting);
        CHECK(client.take_output().starts_with("GET /path HTTP/1.1\r\nHost: host\r\n"));
        for (const std::string_view chunk : chunks) {
          client.receive(chunk, kStart);
        }
        CHECK(client.take_events() ==
              Events{
                  {Kind::kOpen, {}}, {Kind::kText, "hi"}, {Kind::kPong, "!"}, {Kind::kBinary, {}}});
        CHECK(client.subprotocol() == "b");
        CHECK(client.response().status == 101);
        CHECK(client.take_output() == std::string("\x88\x82\0\0\0\0\x03\xE8", 8));
        REQUIRE(client.closed());
        CHECK(client.closed()->code == 1000);
        CHECK(client.state() == State::kClosed);
        CHECK_FALSE(client.error());
      });
}

TEST_CASE("client protocol: what is sent is a frame, and refused when it is not open") {
  ClientProtocol early("ws://host/", {}, zeros);
  CHECK(early.send("x") == SendResult::kRefused);
  CHECK_FALSE(early.ping("x"));
  OpenClient open;
  CHECK(open.client.send("hi") == SendResult::kSent);
  CHECK(open.client.send("\xFF") == SendResult::kInvalidUtf8);
  const std::vector<std::byte> bytes{std::byte{0xFF}};
  CHECK(open.client.send_binary(bytes) == SendResult::kSent);
  CHECK(open.client.ping("p"));
  CHECK(open.client.take_output() ==
        std::string("\x81\x82\0\0\0\0hi\x82\x81\0\0\0\0\xFF\x89\x81\0\0\0\0p", 22));
  open.client.close(3000, "done", kStart);
  CHECK(open.client.state() == State::kClosing);
  CHECK(open.client.send("late") == SendResult::kRefused);
  CHECK(open.client.take_output() == std::string("\x88\x86\0\0\0\0\x0B\xB8"
                                                 "done",
                                                 12));
}

TEST_CASE("client protocol: bad arguments and refusals are errors, and the rest is ignored") {
  ClientProtocol no_url("http://host/", {}, zeros);
  REQUIRE(no_url.error());
  CHECK(no_url.error()->code == ErrorCode::kInvalidUrl);
  no_url.receive("x", kStart);
  no_url.receive_eof();
  CHECK(no_url.state() == State::kClosed);
  CHECK(ClientProtocol("ws://host/", {.subprotocols = {"a", "a"}}, zeros).error()->code ==
        ErrorCode::kInvalidOption);
  ClientProtocol refused("ws://host/", {}, zeros);
  refused.receive("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", kStart);
  REQUIRE(refused.error());
  CHECK(refused.error()->response->status == 403);
  CHECK(refused.error()->response->body == "no");
  CHECK(refused.take_events().empty());
  ClientProtocol cut("ws://host/", {}, zeros);
  cut.receive_eof();
  REQUIRE(cut.error());
  CHECK(cut.error()->phase == Phase::kHttp);
}

TEST_CASE("client protocol: limits, an end without Close, and the deadlines") {
  OpenClient big;
  big.client.receive(std::string("\x82\x7E\x00\x7E", 4), kStart);  // 126 bytes are announced
  REQUIRE(big.client.error());
  CHECK(big.client.error()->code == ErrorCode::kMessageTooBig);
  OpenClient cut;
  cut.client.receive_eof();
  REQUIRE(cut.client.error());
  CHECK(cut.client.error()->code == ErrorCode::kConnectionLost);
  OpenClient silent;
  CHECK(silent.client.deadline() == kStart + 20s);
  silent.client.handle_deadline(kStart + 19s);
  CHECK(silent.client.take_output().empty());
  silent.client.handle_deadline(kStart + 20s);
  CHECK(silent.client.take_output().starts_with("\x89"));
  silent.client.handle_deadline(kStart + 30s);
  REQUIRE(silent.client.error());
  CHECK(silent.client.error()->code == ErrorCode::kPingTimeout);
}

}  // namespace ws
