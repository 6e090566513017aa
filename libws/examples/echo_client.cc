// SPDX-License-Identifier: MIT
// Sends its arguments to an echo server, one message each, prints what comes back and leaves when
// all of it has.
//
//   echo_client ws://127.0.0.1:8080/ hello "how are you"
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <ws/websocket.h>

namespace {

void echo(const std::string& url, const std::vector<std::string>& messages) {
  std::size_t answers = 0;
  ws::Options options;
  options.callbacks.on_open = [&](ws::WebSocket& socket) {
    for (const std::string& message : messages) {
      if (socket.send(message) == ws::SendResult::kInvalidUtf8) {
        throw std::runtime_error("'" + message + "' is not UTF-8");
      }
    }
  };
  options.callbacks.on_message = [&](ws::WebSocket& socket, const ws::Message& message) {
    std::cout << message.data << '\n';
    if (++answers == messages.size()) {
      socket.close();
    }
  };
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, url, std::move(options));
  loop.run();  // throws what went wrong, as there is no on_error
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: echo_client URL MESSAGE...\n";
    return 2;
  }
  try {
    echo(argv[1], {argv + 2, argv + argc});
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
