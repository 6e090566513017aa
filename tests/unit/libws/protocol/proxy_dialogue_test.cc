// SPDX-License-Identifier: MIT
// What is said to HTTP and SOCKS5 proxies, byte for byte, and what each answer means, in every
// chunking.
#include "protocol/proxy_dialogue.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "protocol/proxy.h"
#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace {

using namespace std::string_literals;
using ws::Error;
using ws::ErrorCode;
using ws::protocol::parse_proxy;
using ws::protocol::ProxyDialogue;

using Progress = ProxyDialogue::Progress;

constexpr std::size_t kMaxHeader = 4096;

std::unique_ptr<ProxyDialogue> ask(const std::string& proxy,
                                   const std::string& host = "chat.example",
                                   std::uint16_t port = 443) {
  return ws::protocol::make_proxy_dialogue(parse_proxy(proxy).value(), host, port, kMaxHeader);
}

struct Outcome {
  Progress progress = Progress::kNeedMore;
  std::string rest{};  // behind what the dialogue took
  std::string sent{};  // by us, after the first output
};

Outcome feed(ProxyDialogue& dialogue, const support::Chunks& chunks) {
  Outcome outcome;
  for (const std::string_view chunk : chunks) {
    if (outcome.progress != Progress::kNeedMore) {
      outcome.rest += chunk;
      continue;
    }
    const auto step = dialogue.receive(std::as_bytes(std::span(chunk)));
    outcome.progress = step.progress;
    outcome.rest += chunk.substr(step.taken);
    outcome.sent += dialogue.take_output();
  }
  return outcome;
}

Error failure_in(const std::string& proxy, const support::Chunks& chunks) {
  const auto dialogue = ask(proxy);
  (void)dialogue->take_output();
  if (feed(*dialogue, chunks).progress == Progress::kNeedMore) {
    (void)dialogue->receive_eof();
  }
  return dialogue->error();
}

// The error that these bytes, and then FIN unless they were enough, end in.
Error failure(const std::string& proxy, const std::string& bytes) {
  Error error;
  support::for_each_chunking(bytes, [&](const support::Chunks& chunks) {
    error = failure_in(proxy, chunks);
    CHECK(error.phase == ws::Phase::kProxy);
    CHECK_THAT(error.message, StartsWith("proxy p:1080 "));
  });
  return error;
}

TEST_CASE("http connect: the request names host and port twice (RFC 9110 9.3.6)",
          "[proxy][RFC6455-4.1-proxy]") {
  CHECK(ask("http://p")->take_output() ==
        "CONNECT chat.example:443 HTTP/1.1\r\n"
        "Host: chat.example:443\r\n"
        "User-Agent: libws/0.1.0\r\n\r\n");
  CHECK_THAT(ask("http://p", "2001:db8::1", 80)->take_output(),
             StartsWith("CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n"));
}

TEST_CASE("http connect: user and password go as Basic (RFC 7617 2)", "[proxy]") {
  CHECK_THAT(ask("http://Aladdin:open%20sesame@p")->take_output(),
             ContainsSubstring("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  CHECK_THAT(ask("http://:only@p")->take_output(),
             ContainsSubstring("Proxy-Authorization: Basic Om9ubHk=\r\n"));
}

TEST_CASE("http connect: any 2xx opens, and what is behind its head is the server's", "[proxy]") {
  for (const std::string head :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\nServer: x\r\n\r\n",
        "HTTP/1.1 204 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    support::for_each_chunking(head + "\x16\x03server", [&](const support::Chunks& chunks) {
      const auto dialogue = ask("http://p");
      const Outcome outcome = feed(*dialogue, chunks);
      CHECK(outcome.progress == Progress::kDone);
      CHECK(outcome.rest == "\x16\x03server");
    });
  }
}

TEST_CASE("http connect: a refusal carries status, headers and body", "[proxy]") {
  const Error error =
      failure("http://p", "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nrule");
  CHECK(error.code == ErrorCode::kProxyRefused);
  CHECK(error.message == "proxy p:1080 answered 403 to CONNECT chat.example:443");
  REQUIRE(error.response);
  CHECK(error.response->status == 403);
  CHECK(error.response->reason == "Forbidden");
  CHECK(*error.response->find("content-length") == "4");
  CHECK(error.response->body == "rule");
  CHECK_THAT(failure("http://p", "HTTP/1.1 407 Auth\r\n\r\n").message,
             ContainsSubstring("set a user and a password"));
  // 101 opens nothing here, a redirect is not followed.
  CHECK(failure("http://p", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n").response->status ==
        302);
}

TEST_CASE("http connect: a refusal's body has 64 KiB, a head max_header", "[proxy]") {
  const auto dialogue = ask("http://p");
  const std::string head = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
  const std::string body(std::size_t{100} << 10, 'b');
  CHECK(feed(*dialogue, {head, body}).progress == Progress::kFailed);
  CHECK(dialogue->error().response->body.size() == std::size_t{64} << 10);

  const auto other = ask("http://p");
  const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(kMaxHeader, 'x');
  CHECK(feed(*other, {endless}).progress == Progress::kFailed);
  CHECK(other->error().code == ErrorCode::kProxyViolation);
}

TEST_CASE("http connect: at most eight interim responses", "[proxy]") {
  std::string heads;
  for (int i = 0; i < 8; ++i) {
    heads += "HTTP/1.1 102 Processing\r\n\r\n";
  }
  const auto dialogue = ask("http://p");
  CHECK(feed(*dialogue, {heads, "HTTP/1.1 200 OK\r\n\r\n"}).progress == Progress::kDone);
  const auto other = ask("http://p");
  CHECK(feed(*other, {heads, "HTTP/1.1 102 Processing\r\n\r\n"}).progress == Progress::kFailed);
  CHECK(other->error().code == ErrorCode::kProxyViolation);
}

TEST_CASE("http connect: what is no HTTP, and a FIN too early, are told", "[proxy]") {
  CHECK(failure("http://p", "\x05\xff").code == ErrorCode::kProxyViolation);
  CHECK(failure("http://p", "HTTP/1.1 200 OK\nX: y\r\n\r\n").code == ErrorCode::kProxyViolation);
  CHECK(failure("http://p", "HTTP/1.1 20").code == ErrorCode::kConnectionLost);
  const auto dialogue = ask("http://p");
  CHECK(dialogue->give_up() == Progress::kNeedMore);
  CHECK(dialogue->receive_eof() == Progress::kFailed);
  CHECK(dialogue->error().message == "proxy p:1080 closed the connection without a response");
}

TEST_CASE("http connect: a refusal whose body stops coming is still that refusal", "[proxy]") {
  const auto dialogue = ask("http://p");
  CHECK(feed(*dialogue, {"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nso"}).progress ==
        Progress::kNeedMore);
  CHECK(dialogue->give_up() == Progress::kFailed);
  CHECK(dialogue->error().response->status == 503);
  CHECK(dialogue->error().response->body == "so");
}

TEST_CASE("socks5: a name goes to the proxy as it is (RFC 1928 3, 4)", "[proxy]") {
  support::for_each_chunking("\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34server"s,
                             [](const support::Chunks& chunks) {
                               const auto dialogue = ask("socks5://p");
                               CHECK(dialogue->take_output() == "\x05\x01\x00"s);
                               const Outcome outcome = feed(*dialogue, chunks);
                               CHECK(outcome.progress == Progress::kDone);
                               CHECK(outcome.sent ==
                                     "\x05\x01\x00\x03\x0c"s
                                     "chat.example\x01\xbb");
                               CHECK(outcome.rest == "server");
                             });
}

TEST_CASE("socks5: an address goes as an address, and replies have any kind of it", "[proxy]") {
  const auto v4 = ask("socks5://p", "192.0.2.1", 80);
  (void)v4->take_output();
  const Outcome name = feed(*v4, {"\x05\x00\x05\x00\x00\x03\x04host\x00\x50"s, "server"});
  CHECK(name.sent == "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"s);
  CHECK(name.progress == Progress::kDone);
  CHECK(name.rest == "server");

  const auto v6 = ask("socks5h://p", "2001:db8::1", 65535);
  (void)v6->take_output();
  const Outcome v6_reply =
      feed(*v6, {"\x05\x00\x05\x00\x00\x04"s + std::string(16, '\0') + "\x00\x50server"s});
  CHECK(v6_reply.sent ==
        "\x05\x01\x00\x04\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01\xff\xff");
  CHECK(v6_reply.rest == "server");
  // A bound name of no length still has its port.
  const auto empty = ask("socks5://p");
  CHECK(feed(*empty, {"\x05\x00\x05\x00\x00\x03\x00\x00\x50"s}).progress == Progress::kDone);
}

TEST_CASE("socks5: user and password when the proxy asks for them (RFC 1929 2)", "[proxy]") {
  support::for_each_chunking(
      "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s,
      [](const support::Chunks& chunks) {
        const auto dialogue = ask("socks5://me:secret@p", "h");
        CHECK(dialogue->take_output() == "\x05\x02\x00\x02"s);
        const Outcome outcome = feed(*dialogue, chunks);
        CHECK(outcome.progress == Progress::kDone);
        CHECK(outcome.sent == "\x01\x02me\x06secret\x05\x01\x00\x03\x01h\x01\xbb"s);
      });
  const auto not_needed = ask("socks5://me:secret@p", "h");
  (void)not_needed->take_output();
  CHECK(feed(*not_needed, {"\x05\x00"s}).sent == "\x05\x01\x00\x03\x01h\x01\xbb"s);
}

TEST_CASE("socks5: refusals are told in the RFC's words", "[proxy]") {
  CHECK(failure("socks5://p", "\x05\x00\x05\x05\x00\x01"s).message ==
        "proxy p:1080 cannot connect to chat.example:443: connection refused");
  CHECK_THAT(failure("socks5://p", "\x05\x00\x05\x04\x00\x01"s).message,
             ContainsSubstring("host unreachable"));
  CHECK_THAT(failure("socks5://p", "\x05\x00\x05\x02"s).message,  // cut off, but clear
             ContainsSubstring("not allowed by its rules"));
  CHECK_THAT(failure("socks5://p", "\x05\x00\x05\x63\x00\x01"s).message,
             ContainsSubstring("reply 99"));
  CHECK_THAT(failure("socks5://p", "\x05\xff").message, ContainsSubstring("wants a user"));
  CHECK_THAT(failure("socks5://u:p@p", "\x05\xff").message, ContainsSubstring("takes no user"));
  const Error denied = failure("socks5://u:secret@p", "\x05\x02\x01\x01");
  CHECK(denied.code == ErrorCode::kProxyRefused);
  CHECK(denied.message == "proxy p:1080 refused the user or the password");
}

TEST_CASE("socks5: what breaks the protocol is told", "[proxy]") {
  CHECK(failure("socks5://p", "HTTP/1.1 400 Bad Request\r\n\r\n").code ==
        ErrorCode::kProxyViolation);
  CHECK(failure("socks5://p", "\x04\x5a").code == ErrorCode::kProxyViolation);
  CHECK(failure("socks5://p", "\x05\x02").code == ErrorCode::kProxyViolation);  // not offered
  CHECK(failure("socks5://p", "\x05\x00\x04\x00\x00\x01"s).code == ErrorCode::kProxyViolation);
  CHECK(failure("socks5://p", "\x05\x00\x05\x00\x00\x02"s).code == ErrorCode::kProxyViolation);
  CHECK(failure("socks5://p", "\x05\x00\x05\x00\x00\x01\x7f"s).code == ErrorCode::kConnectionLost);
  CHECK(failure("socks5://p", "").code == ErrorCode::kConnectionLost);
}

}  // namespace
