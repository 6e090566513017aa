// SPDX-License-Identifier: MIT
// The chapter of the guide about an event_base of one's own.
#include <exception>
#include <iostream>
#include <memory>

#include <event2/event.h>

#include <ws/websocket.h>

namespace {

// [own_base]
// Runs a base that other things of the program use, too.
void run_base(event_base* base, ws::EventLoop& loop) {
  // The loop breaks out of the base when a callback has thrown: see what it was.
  event_base_dispatch(base);
  loop.rethrow_pending();
}

void converse(event_base* base, const char* url) {
  ws::EventLoop loop(base);  // must go before the base does
  ws::WebSocket socket(loop, url);
  socket.callbacks().on_open = [](ws::WebSocket& self) {
    std::cout << "open\n";
    self.close();
  };
  run_base(base, loop);
}

// [/own_base]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: guide_own_base URL\n";
    return 2;
  }
  const std::unique_ptr<event_base, decltype(&event_base_free)> base(event_base_new(),
                                                                     &event_base_free);
  try {
    converse(base.get(), argv[1]);
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
