// SPDX-License-Identifier: MIT
// The chapter of the guide about testing without a network.
#include <algorithm>
#include <iostream>
#include <string>

#include <ws/client_protocol.h>

namespace {

// [logic]
// What the program does with messages, apart from where they come from: nothing of libws in it.
class Chat {
 public:
  // The answer to a message, empty: none.
  std::string answer(std::string_view message) {
    if (message.starts_with("hello")) {
      return "welcome, guest " + std::to_string(++guests_);
    }
    return {};
  }

 private:
  int guests_ = 0;
};

// [/logic]

// [testing]
bool expect(bool condition, const char* what) {
  std::cout << (condition ? "ok: " : "FAILED: ") << what << '\n';
  return condition;
}

bool test_chat() {
  using Kind = ws::ProtocolEvent::Kind;
  // Randomness and time are the test's, so every byte is known beforehand.
  const auto zeros = [](std::span<std::byte> bytes) {
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
  };
  ws::ClientProtocol::TimePoint now{};
  ws::ClientProtocol client("ws://chat.example/", {.ping_interval = std::chrono::seconds(20)},
                            zeros);
  bool ok = expect(client.take_output().starts_with("GET / HTTP/1.1\r\nHost: chat.example\r\n"),
                   "the request");

  // The accept value belongs to the key of sixteen zeros.
  client.receive(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n",
      now);
  ok &= expect(client.state() == ws::State::kOpen, "open");

  Chat chat;
  client.receive("\x81\x0bhello there", now);  // FIN and text, 11 bytes
  for (const ws::ProtocolEvent& event : client.take_events()) {
    if (event.kind == Kind::kText) {
      (void)client.send(chat.answer(event.data));
    }
  }
  // Masked with zeros: readable.
  ok &= expect(client.take_output() == std::string("\x81\x90\0\0\0\0welcome, guest 1", 22),
               "the answer on the wire");

  now += std::chrono::seconds(20);
  client.handle_deadline(now);
  ok &= expect(client.take_output().starts_with("\x89"), "a ping after 20 seconds, at once");

  client.receive_eof();
  ok &= expect(client.error()->code == ws::ErrorCode::kConnectionLost, "no closing handshake");
  return ok;
}

// [/testing]

}  // namespace

int main() {
  return test_chat() ? 0 : 1;
}
