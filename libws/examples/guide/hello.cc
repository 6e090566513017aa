// SPDX-License-Identifier: MIT
// The first program of the guide.
// [hello]
#include <exception>
#include <iostream>

#include <ws/websocket.h>

int main(int argc, char** argv) {
  ws::Options options;
  options.callbacks.on_open = [](ws::WebSocket& socket) { (void)socket.send("hello"); };
  options.callbacks.on_message = [](ws::WebSocket& socket, const ws::Message& message) {
    std::cout << message.data << '\n';
    socket.close();
  };
  try {
    ws::EventLoop loop;
    const ws::WebSocket socket(loop, argc > 1 ? argv[1] : "wss://example.com/", options);
    loop.run();
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}

// [/hello]
