// SPDX-License-Identifier: MIT
// A client over libws that goes through a list of duties with one of the conformance servers (see
// duties.h for what they do) and prints each case's outcome as a JSON line. It knows the library's
// public API only.
#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <ws/websocket.h>

#include "conformance_session.h"
#include "duties.h"

namespace {

using peers::letters;
using peers::Received;
using peers::require;
using peers::Session;
using peers::Target;
using ws::MessageType;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::array<std::uint16_t, 7> kClientCodes = {1000, 1001, 1003, 1011, 3000, 4000, 4999};
constexpr std::array<std::uint16_t, 13> kServerCodes = {1000, 1001, 1002, 1003, 1007, 1008, 1009,
                                                        1010, 1011, 3000, 3999, 4000, 4999};

// Deflates to about a third of its size, as lines of a program's log do.
std::string lines_of(std::size_t size) {
  std::string text;
  for (std::uint32_t i = 1; text.size() < size; ++i) {
    text += "entry " + std::to_string(i * 2654435761U) + " of the log\n";
  }
  text.resize(size);
  return text;
}

// Does not deflate.
std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 2463534242U;
  for (char& byte : bytes) {
    state ^= state << 13U;
    state ^= state >> 17U;
    state ^= state << 5U;
    byte = static_cast<char>(state & 0xffU);
  }
  return bytes;
}

void expect_echo(Session& session, MessageType type, const std::string& data) {
  session.send(type, data);
  const Received echo = session.receive();
  require(echo.type == type, "the echo has another type");
  require(echo.data == data, "the echo of " + std::to_string(data.size()) + " bytes is another");
}

void echo_empty(const Target& target) {
  Session session(target);
  expect_echo(session, MessageType::kText, "");
  expect_echo(session, MessageType::kBinary, "");
  session.close(ws::kCloseNormal);
}

void echo_every_size(const Target& target) {
  Session session(target);
  for (const std::size_t size : {std::size_t{1}, std::size_t{125}, std::size_t{126},
                                 std::size_t{127}, std::size_t{65535}, std::size_t{65536}, kMiB}) {
    expect_echo(session, MessageType::kText, lines_of(size));
    expect_echo(session, MessageType::kBinary, noise(size));
  }
  session.close(ws::kCloseNormal);
}

void echo_utf8(const Target& target) {
  Session session(target);
  const std::array<std::string, 7> texts = {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
                                            std::string("\0", 1),
                                            "\xf4\x8f\xbf\xbf",
                                            "\xef\xbf\xbf",
                                            "\xf0\x9f\x8c\x8d \xed\x9f\xbf \xee\x80\x80",
                                            "\xe2\x82\xac\n\r\t\"\\",
                                            "\xef\xbb\xbf with a byte order mark"};
  for (const std::string& text : texts) {
    expect_echo(session, MessageType::kText, text);
  }
  std::string many;
  while (many.size() < 70'000) {  // characters across every boundary of a buffer
    many += texts[4];
  }
  expect_echo(session, MessageType::kText, many);
  session.close(ws::kCloseNormal);
}

void echo_thousand_round_trips(const Target& target) {
  Session session(target);
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::string text = lines_of(i * 4096 / 999);
    expect_echo(session, i % 2 == 0 ? MessageType::kText : MessageType::kBinary, text);
  }
  session.close(ws::kCloseNormal);
}

// All of a size are under way at once: with context takeover each is inflated with the ones before.
void echo_many_of_every_size(const Target& target) {
  Session session(target);
  constexpr std::size_t count = 20;
  for (std::size_t size = 16; size <= 131072; size *= 2) {
    const std::string text = lines_of(size);
    for (std::size_t i = 0; i < count; ++i) {
      session.send(MessageType::kText, text);
    }
    for (std::size_t i = 0; i < count; ++i) {
      require(session.receive().data == text, "an echo is another");
    }
  }
  session.close(ws::kCloseNormal);
}

void echo_written_in_pieces(const Target& target) {
  Session session(target);
  const std::string text = lines_of(200'000);
  ws::MessageWriter writer = session.socket().start_message(MessageType::kText);
  for (std::size_t i = 0; i < text.size(); i += 1000) {
    const auto result = writer.write(std::string_view(text).substr(i, 1000));
    require(result == ws::SendResult::kSent || result == ws::SendResult::kQueued, "not written");
  }
  require(writer.finish() == ws::SendResult::kSent, "not finished");
  require(session.receive().data == text, "the echo is another");
  session.close(ws::kCloseNormal);
}

void fragments_with_pings_between(const Target& target) {
  Session session(target);
  for (const std::size_t size : {std::size_t{1}, std::size_t{1300}, std::size_t{70'000}}) {
    session.send(MessageType::kText, "do fragments=5," + std::to_string(size));
    const Received message = session.receive();
    require(message.type == MessageType::kText, "not a text message");
    require(message.data == letters(5 * size), "the fragments make another message");
    expect_echo(session, message.type, message.data);
    session.send(MessageType::kText, "do pongs");
    require(session.receive().data == "ping-0,ping-1,ping-2,ping-3", "other pongs");
  }
  session.close(ws::kCloseNormal);
}

void ten_pings_in_order(const Target& target) {
  Session session(target);
  session.send(MessageType::kText, "do pings=10 text=5");
  require(session.receive().data == letters(5), "another message");
  session.send(MessageType::kText, "do pongs");
  require(session.receive().data ==
              "ping-0,ping-1,ping-2,ping-3,ping-4,ping-5,ping-6,ping-7,ping-8,ping-9",
          "other pongs, or in another order");
  session.close(ws::kCloseNormal);
}

void close_codes_of_the_client(const Target& target) {
  for (const std::uint16_t code : kClientCodes) {
    Session session(target);
    expect_echo(session, MessageType::kText, "before");
    session.close(code, "b\xc3\xa9");
  }
}

void close_codes_of_the_server(const Target& target) {
  for (const std::uint16_t code : kServerCodes) {
    Session session(target);
    session.send(MessageType::kText, "do text=3 close=" + std::to_string(code));
    require(session.receive().data == letters(3), "another message");
    session.expect_close(code, "bye");
  }
}

void server_closes_during_traffic(const Target& target) {
  Session session(target);
  constexpr std::size_t count = 1000;
  session.send(MessageType::kText, "do flood=" + std::to_string(count) + " close=4001");
  for (std::size_t i = 0; i < count; ++i) {
    const Received message = session.receive();
    require(message.data == letters(100), "another message");
    (void)session.socket().send(message.data);  // refused once the Close has come
  }
  session.expect_close(4001, "bye");
}

void client_closes_during_traffic(const Target& target) {
  Session session(target);
  session.send(MessageType::kText, "do flood=2000");
  for (std::size_t i = 0; i < 100; ++i) {
    require(session.receive().data == letters(100), "another message");
    session.send(MessageType::kText, "answer");
  }
  session.close(ws::kCloseGoingAway);
}

void subprotocol(const Target& target) {
  Session session(target, {"chat.v2", "chat.v1"});
  require(session.socket().subprotocol() == "chat.v1", "another subprotocol was chosen");
  session.close(ws::kCloseNormal);
}

struct Case {
  std::string_view name;
  void (*run)(const Target&);
};

constexpr std::array kCases = {Case{"echo empty", echo_empty},
                               Case{"echo every size", echo_every_size},
                               Case{"echo utf8", echo_utf8},
                               Case{"echo thousand round trips", echo_thousand_round_trips},
                               Case{"echo many of every size", echo_many_of_every_size},
                               Case{"echo written in pieces", echo_written_in_pieces},
                               Case{"fragments with pings between", fragments_with_pings_between},
                               Case{"ten pings in order", ten_pings_in_order},
                               Case{"close codes of the client", close_codes_of_the_client},
                               Case{"close codes of the server", close_codes_of_the_server},
                               Case{"server closes during traffic", server_closes_during_traffic},
                               Case{"client closes during traffic", client_closes_during_traffic},
                               Case{"subprotocol", subprotocol}};

// Prints the outcome; false when the case failed. No text of ours needs escaping in JSON.
bool run_case(const Case& one, const Target& target) {
  std::string failure;
  try {
    one.run(target);
  } catch (const std::exception& exception) {
    failure = exception.what();
  }
  std::cout << R"({"case": ")" << one.name << R"(", "failure": ")" << failure << R"("})"
            << std::endl;
  return failure.empty();
}

ws::Compression compression_named(std::string_view name) {
  const std::map<std::string_view, ws::Compression> known = {
      {"off", {}},
      {"on", {.enabled = true}},
      {"no-takeover",
       {.enabled = true, .client_no_context_takeover = true, .server_no_context_takeover = true}},
      {"window-9", {.enabled = true, .client_max_window_bits = 9, .server_max_window_bits = 9}}};
  return known.at(name);
}

}  // namespace

// conformance_client URL [COMPRESSION [CASE...]]
// COMPRESSION is off, on, no-takeover or window-9: what is offered, and must be agreed on.
int main(int argc, char** argv) {
  try {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
      throw std::runtime_error("conformance_client URL [COMPRESSION [CASE...]]");
    }
    const Target target{.url = argv[1],
                        .compression = compression_named(argc > 2 ? arguments[1] : "off")};
    bool is_good = true;
    for (const Case& one : kCases) {
      if (argc < 4 ||
          std::find(arguments.begin() + 2, arguments.end(), one.name) != arguments.end()) {
        is_good = run_case(one, target) && is_good;
      }
    }
    return is_good ? 0 : 1;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 2;
  }
}
