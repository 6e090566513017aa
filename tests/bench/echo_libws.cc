// SPDX-License-Identifier: MIT
// The echo client on libws.
#include <ws/websocket.h>

#include "echo_run.h"

namespace {

class Client {
 public:
  explicit Client(bench::EchoRun& echo) : echo_(echo) {}

  void run() { loop_.run(); }

 private:
  ws::Callbacks callbacks() {
    return {.on_open = [this](ws::WebSocket&) { send_more(); },
            .on_message =
                [this](ws::WebSocket& socket, const ws::Message& message) {
                  if (echo_.count_received(message.data)) {
                    send_more();
                  } else {
                    echo_.print();
                    socket.close();
                  }
                }};
  }

  void send_more() {
    while (echo_.take_turn()) {
      if (socket_.send(echo_.payload()) != ws::SendResult::kSent) {
        throw std::runtime_error("not sent");
      }
    }
  }

  bench::EchoRun& echo_;
  ws::EventLoop loop_;
  ws::WebSocket socket_{loop_, "ws://127.0.0.1:" + std::to_string(echo_.port()) + "/",
                        ws::Options{.callbacks = callbacks()}};
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run<Client>(argc, argv);
}
