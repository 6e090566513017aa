// SPDX-License-Identifier: MIT
// Sends a message to an echo server and ends well when it comes back. Exceptions cross the border
// of the library in both directions on the way.
#include <iostream>
#include <stdexcept>
#include <string>

#include <ws/websocket.h>

namespace {

// The library's exception must be the program's: one typeinfo for both.
bool is_refusal_caught() {
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, "http://127.0.0.1/");
  try {
    loop.run();
  } catch (const ws::Exception& exception) {
    return exception.error().code == ws::ErrorCode::kInvalidUrl;
  }
  return false;
}

std::string echo(const std::string& url) {
  std::string answer;
  ws::EventLoop loop;
  const ws::WebSocket socket(
      loop, url,
      {.callbacks = {.on_open =
                         [](ws::WebSocket& self) {
                           if (self.send("hello") != ws::SendResult::kSent) {
                             throw std::runtime_error("not sent");
                           }
                         },
                     .on_message =
                         [&](ws::WebSocket& self, const ws::Message& message) {
                           answer = message.data;
                           self.close();
                         }}});
  loop.run();
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_well = argc == 2 && is_refusal_caught() && echo(argv[1]) == "hello";
  std::cout << (is_well ? "well" : "not well") << '\n';
  return is_well ? 0 : 1;
}
