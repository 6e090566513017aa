// SPDX-License-Identifier: MIT
// What a client owes its server, in the order of the Autobahn test suite's groups 1 to 7, each as
// literal bytes under every chunking. Echoing is the application's, so events stand for echoes.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;
}  // namespace

TEST_CASE("connection: the examples' messages are delivered (RFC 6455 5.7)",
          "[connection][RFC6455-5.2-layout][RFC6455-5.6-binary]") {
  expect(hello(), {.events = {"text Hello"}});
  expect("\x01\x03Hel\x80\x02lo", {.events = {"text Hello"}});
  expect("\x89\x05Hello", {.sent = client_frame(0x8a, "Hello")});
  const std::string bytes256(256, '\xfe');
  expect("\x82\x7e\x01\x00"s + bytes256, {.events = {"binary " + bytes256}});
}

TEST_CASE("connection: messages of every length form are delivered whole (group 1)",
          "[connection][AB-1]") {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 128U}) {
    const std::string text(size, '*');
    expect(server_frame(0x81, text), {.events = {"text " + text}});
    expect(server_frame(0x82, text), {.events = {"binary " + text}});
  }
}

TEST_CASE("connection: long messages arrive in chunks of any size (groups 1.1.6 to 1.1.8)",
          "[connection][AB-1][OWN-chunking][CVE-no-progress]") {
  for (const std::size_t size : {65535U, 65536U, 65537U}) {
    for (const std::size_t chunk : {1U, 997U, 4096U, 65536U}) {
      const std::string text(size, '*');
      const std::string frame = server_frame(0x81, text) + hello();
      Harness harness;
      for (std::size_t i = 0; i < frame.size(); i += chunk) {
        harness.receive(std::string_view(frame).substr(i, chunk));
      }
      CHECK(harness.events == std::vector<std::string>{"text " + text, "text Hello"});
    }
  }
}

TEST_CASE("connection: a ping is answered with its own payload (RFC 6455 5.5.2, group 2)",
          "[connection][RFC6455-5.5.2-pong][RFC6455-5.5.3-payload][AB-2]") {
  expect("\x89\x00"s, {.sent = "\x8a\x80\0\0\0\0"s});
  expect("\x89\x04\x00\xff\xfe\xfd"s, {.sent = client_frame(0x8a, "\x00\xff\xfe\xfd"s)});
  const std::string longest(125, '\xfe');
  expect(server_frame(0x89, longest), {.sent = client_frame(0x8a, longest)});
}

TEST_CASE("connection: ten pings get ten pongs in order (groups 2.10 and 2.11)",
          "[connection][AB-2.10]") {
  std::string pings;
  std::string pongs;
  for (char digit = '0'; digit <= '9'; ++digit) {
    pings += server_frame(0x89, "payload-"s + digit);
    pongs += client_frame(0x8a, "payload-"s + digit);
  }
  expect(pings, {.sent = pongs});
}

TEST_CASE("connection: unsolicited pongs are told and not answered (groups 2.7 to 2.9)",
          "[connection][RFC6455-5.5.3-unsolicited][AB-2]") {
  expect("\x8a\x00"s, {.events = {"pong "}});
  expect("\x8a\x02hi\x89\x01!", {.events = {"pong hi"}, .sent = client_frame(0x8a, "!")});
}

TEST_CASE("connection: a ping of 126 bytes fails (RFC 6455 5.5, group 2.5)",
          "[connection][RFC6455-5.5-length][AB-2]") {
  expect_failure(server_frame(0x89, std::string(126, 'x')), {}, 1002);
}

TEST_CASE("connection: RSV bits fail after the valid message (RFC 6455 5.2, group 3)",
          "[connection][RFC6455-5.2-rsv][AB-3][CVE-judged-frame]") {
  for (const unsigned first : {0xc1U, 0xa1U, 0x91U, 0xf2U, 0xd2U, 0xd9U, 0xf8U, 0xc0U}) {
    expect_failure(hello() + server_frame(first, "Bad") + "\x89\x01!", {"text Hello"}, 1002);
  }
}

TEST_CASE("connection: reserved opcodes fail after the valid message (RFC 6455 5.2, group 4)",
          "[connection][RFC6455-5.2-opcode][AB-4][CVE-judged-frame]") {
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    expect_failure(server_frame(0x80 | opcode, {}), {}, 1002);
    expect_failure(hello() + server_frame(0x80 | opcode, "Bad") + hello(), {"text Hello"}, 1002);
  }
}

TEST_CASE("connection: control frames must not be fragmented (RFC 6455 5.5, groups 5.1 and 5.2)",
          "[connection][RFC6455-5.5-fin][AB-5]") {
  expect_failure(
      "\x09\x03"
      "fra\x80\x04"
      "gmnt",
      {}, 1002);
  expect_failure(
      "\x0a\x03"
      "fra\x80\x04"
      "gmnt",
      {}, 1002);
  expect_failure("\x08\x02\x03\xe8", {}, 1002);
}

TEST_CASE("connection: fragments make one message (RFC 6455 5.4, groups 5.3 to 5.5)",
          "[connection][RFC6455-5.4-fragments][AB-5]") {
  expect(
      "\x01\x04"
      "frag\x80\x04"
      "ment",
      {.events = {"text fragment"}});
  expect(
      "\x02\x04"
      "frag\x80\x04"
      "ment",
      {.events = {"binary fragment"}});
  expect(
      "\x01\x01"
      "a\x00\x01"
      "b\x00\x00\x00\x01"
      "c\x80\x01"
      "d"s,
      {.events = {"text abcd"}});
}

TEST_CASE("connection: control frames between fragments are answered at once (groups 5.6 to 5.8)",
          "[connection][RFC6455-5.4-control][AB-5][RFC6455-5.5.2-pong]") {
  const Seen seen{.events = {"pong ?", "text fragment"}, .sent = client_frame(0x8a, "!")};
  expect(
      "\x01\x04"
      "frag\x89\x01!\x8a\x01?\x80\x04"
      "ment",
      seen);

  Harness harness;
  harness.receive(
      "\x01\x04"
      "frag\x89\x01!");  // groups 5.19 and 5.20: the rest comes much later
  CHECK(harness.sent() == client_frame(0x8a, "!"));
  harness.receive(
      "\x80\x04"
      "ment");
  CHECK(harness.events == std::vector<std::string>{"text fragment"});
}

TEST_CASE("connection: a continuation of nothing fails (RFC 6455 5.4, groups 5.9 to 5.17)",
          "[connection][RFC6455-5.4-continuation][AB-5]") {
  for (const unsigned first : {0x80U, 0x00U}) {
    expect_failure(server_frame(first, "lost") + hello(), {}, 1002);
    expect_failure("\x01\x03Hel\x80\x02lo" + server_frame(first, "lost"), {"text Hello"}, 1002);
    expect_failure(hello() + server_frame(first, ""), {"text Hello"}, 1002);
  }
}

TEST_CASE("connection: a new message inside a fragmented one fails (RFC 6455 5.4, group 5.18)",
          "[connection][RFC6455-5.4-interleaved][AB-5]") {
  expect_failure("\x01\x03Hel\x81\x02lo", {}, 1002);
  expect_failure("\x01\x03Hel\x02\x02lo", {}, 1002);
  expect_failure("\x02\x03Hel\x81\x00"s, {}, 1002);
}

TEST_CASE("connection: text of empty fragments is an empty message (group 6.1)",
          "[connection][AB-6.1][RFC6455-5.4-fragments]") {
  expect("\x81\x00"s, {.events = {"text "}});
  expect("\x01\x00\x00\x00\x80\x00"s, {.events = {"text "}});
  expect("\x01\x00\x00\x06middle\x80\x00"s, {.events = {"text middle"}});
}

TEST_CASE("connection: a character may be split between fragments (group 6.2)",
          "[connection][AB-6.1][RFC6455-5.6-text]") {
  const std::string word = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
  expect(server_frame(0x81, word), {.events = {"text " + word}});
  for (std::size_t split = 0; split <= word.size(); ++split) {
    expect(server_frame(0x01, word.substr(0, split)) + server_frame(0x80, word.substr(split)),
           {.events = {"text " + word}});
  }
}

TEST_CASE("connection: text that is not UTF-8 fails with 1007 (RFC 6455 8.1, groups 6.3 to 6.21)",
          "[connection][RFC6455-8.1-invalid][AB-6.3][CVE-judged-frame]") {
  const std::string word = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
  const std::vector<std::string> bad = {word +
                                            "\xed\xa0\x80"
                                            "edited",
                                        word +
                                            "\xf4\x90\x80\x80"
                                            "edited",
                                        "\xc0\xaf",
                                        "\x80",
                                        "\xff",
                                        "\xc3",
                                        "\xf0\x9f\x98",
                                        "\xe0\x80\x80"};
  for (const std::string& text : bad) {
    expect_failure(hello() + server_frame(0x81, text) + hello(), {"text Hello"}, 1007);
    expect_failure(server_frame(0x01, text.substr(0, 1)) + server_frame(0x80, text.substr(1)), {},
                   1007);
  }
  expect(server_frame(0x82, "\xff\xfe"), {.events = {"binary \xff\xfe"}});
}

TEST_CASE("connection: bad UTF-8 fails with its own byte, not at the frame's end (group 6.4)",
          "[connection][AB-6.4][RFC6455-8.1-invalid]") {
  Harness harness;
  harness.receive("\x01\x05\xce\xba\xe1\xbd\xb9");
  harness.receive("\x80\x20\xcf\x83\xf4");
  CHECK(harness.connection.state() == State::kOpen);
  harness.receive("\x90");  // above U+10FFFF, whatever follows
  CHECK(harness.connection.state() == State::kFailing);
  CHECK(harness.failure() == ErrorCode::kInvalidUtf8);
}

TEST_CASE("connection: a Close is answered with its code (RFC 6455 5.5.1, group 7.1)",
          "[connection][RFC6455-5.5.1-answer][AB-7.1]") {
  expect("\x88\x02\x03\xe8", {.sent = "\x88\x82\0\0\0\0\x03\xe8"s, .state = State::kClosed});
  expect("\x88\x00"s, {.sent = "\x88\x80\0\0\0\0"s, .state = State::kClosed});
}

TEST_CASE("connection: after the peer's Close nothing is delivered or answered (group 7.1)",
          "[connection][AB-7.1][END-once][RFC6455-5.5.2-pong]") {
  const Seen seen{
      .events = {"text Hello"}, .sent = client_frame(0x88, "\x03\xe8"), .state = State::kClosed};
  expect(hello() + "\x88\x02\x03\xe8" + hello(), seen);
  expect(hello() + "\x88\x02\x03\xe8\x89\x01!", seen);
  expect(hello() + "\x88\x02\x03\xe8\x88\x02\x03\xe8", seen);
  expect(hello() + "\x88\x02\x03\xe8\xff\xff\xff\xff", seen);
}

TEST_CASE("connection: a Close inside a fragmented message is a Close (group 7.1.5)",
          "[connection][AB-7.1]") {
  expect("\x01\x03Hel\x88\x02\x03\xe8\x80\x02lo",
         {.sent = client_frame(0x88, "\x03\xe8"), .state = State::kClosed});
}

TEST_CASE("connection: a Close of one byte, or of 126, fails (RFC 6455 5.5.1, group 7.3)",
          "[connection][RFC6455-5.5.1-body][AB-7.3][CVE-close-reason]") {
  expect_failure("\x88\x01\x03", {}, 1002);
  expect_failure(server_frame(0x88, close_payload(1000, std::string(124, '*'))), {}, 1002);
  const std::string reason(123, '*');
  expect(server_frame(0x88, close_payload(1000, reason)),
         {.sent = client_frame(0x88, "\x03\xe8"), .state = State::kClosed});
}

TEST_CASE("connection: a close reason that is not UTF-8 fails (RFC 6455 5.5.1, group 7.5)",
          "[connection][RFC6455-5.5.1-body][AB-7.5]") {
  expect_failure(server_frame(0x88, close_payload(1000, "\xce\xba\xed\xa0\x80")), {}, 1007);
}

TEST_CASE("connection: the valid close codes are accepted and echoed (RFC 6455 7.4, group 7.7)",
          "[connection][RFC6455-7.4-receive][AB-7.7][RFC6455-7.1.6-reason]") {
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    support::for_each_chunking(server_frame(0x88, close_payload(code, "bye")),
                               [&](const support::Chunks& chunks) {
                                 Harness harness;
                                 harness.receive_all(chunks);
                                 CHECK(harness.sent() == client_frame(0x88, close_payload(code)));
                                 CHECK(harness.connection.close_info().code == code);
                                 CHECK(harness.connection.close_info().reason == "bye");
                                 CHECK(harness.connection.close_info().by_peer);
                               });
  }
}

TEST_CASE("connection: the other close codes fail (RFC 6455 7.4, groups 7.9 and 7.13)",
          "[connection][RFC6455-7.4-receive][AB-7.9]") {
  for (const unsigned code :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    expect_failure(server_frame(0x88, close_payload(code)), {}, 1002);
    expect_failure(server_frame(0x88, close_payload(code, "bye")), {}, 1002);
  }
}

TEST_CASE("connection: a masked frame from the server fails (RFC 6455 5.1)",
          "[connection][RFC6455-5.1-masked-server]") {
  expect_failure(hello() + "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {"text Hello"}, 1002);
}

TEST_CASE("connection: lengths not in their shortest form fail (RFC 6455 5.2)",
          "[connection][RFC6455-5.2-shortest]") {
  expect_failure(hello() + "\x81\x7e\x00\x05Hello"s, {"text Hello"}, 1002);
  expect_failure(hello() + "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello"s, {"text Hello"}, 1002);
}

TEST_CASE("connection: a length of 2^63 or 2^64 - 1 fails (RFC 6455 5.2)",
          "[connection][RFC6455-5.2-msb][CVE-length]") {
  expect_failure("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s + "Hello", {}, 1002);
  expect_failure("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s + "Hello", {}, 1002);
}

}  // namespace ws::protocol
