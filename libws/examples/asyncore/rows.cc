// SPDX-License-Identifier: MIT
// The API of the asyncore client, row by row, in libws: docs/libws/from-asyncore.md shows these
// functions. Each talks to an echo server that closes with 4000 when it is sent "fail".
//
//   asyncore_rows ROW URL
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ws/websocket.h>

namespace {

// [constructor]
void constructor(const std::string& url) {
  auto jar = std::make_shared<ws::CookieJar>();
  (void)jar->load_text("127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tabc\n");
  ws::EventLoop loop;
  const ws::WebSocket socket(
      loop, url,
      ws::Options{.subprotocols = {"chat"},
                  .cookie_jar = jar,
                  .callbacks = {.on_open = [](ws::WebSocket& s) { (void)s.send("hello"); },
                                .on_message =
                                    [](ws::WebSocket& s, const ws::Message& message) {
                                      std::cout << s.subprotocol() << ": " << message.data << '\n';
                                      s.close();
                                    },
                                .on_error =
                                    [](ws::WebSocket&, const ws::Error& error) {
                                      std::cout << error.message << '\n';
                                    },
                                .on_close =
                                    [](ws::WebSocket&, const ws::CloseInfo& info) {
                                      std::cout << "closed " << info.code << '\n';
                                    }}});
  loop.run();
}

// [/constructor]

// [replace]
void replace(const std::string& url) {
  ws::EventLoop loop;
  ws::WebSocket socket(loop, url);
  socket.callbacks().on_open = [](ws::WebSocket& s) { (void)s.send("one"); };
  socket.callbacks().on_message = [](ws::WebSocket& s, const ws::Message& first) {
    std::cout << "first " << first.data << '\n';
    s.callbacks().on_message = [](ws::WebSocket& same, const ws::Message& next) {
      std::cout << "next " << next.data << '\n';
      same.close();
    };
    (void)s.send("two");
  };
  loop.run();
}

// [/replace]

// [send]
void send(const std::string& url) {
  int answers = 0;
  ws::Options options;
  options.callbacks.on_open = [](ws::WebSocket& socket) {
    if (socket.send("text") == ws::SendResult::kRefused) {
      std::cout << "not open, or too much is waiting\n";
    }
    const std::vector<std::byte> bytes{std::byte{0xFF}, std::byte{0x00}};
    if (socket.send_binary(bytes) == ws::SendResult::kQueued) {
      std::cout << "taken, but on_drain should be waited for\n";
    }
    ws::MessageWriter writer = socket.start_message(ws::MessageType::kText);
    (void)writer.write("a message ");
    (void)writer.write("in pieces");
    (void)writer.finish();
  };
  options.callbacks.on_message = [&](ws::WebSocket& socket, const ws::Message& message) {
    if (message.type == ws::MessageType::kBinary) {
      std::cout << message.data.size() << " bytes\n";
    } else {
      std::cout << message.data << '\n';
    }
    if (++answers == 3) {
      socket.close();
    }
  };
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, url, std::move(options));
  loop.run();
}

// [/send]

// [close]
void close(const std::string& url) {
  ws::Options options;
  options.callbacks.on_open = [](ws::WebSocket& socket) {
    socket.close(ws::kCloseGoingAway, "good bye");
  };
  options.callbacks.on_close = [](ws::WebSocket&, const ws::CloseInfo& info) {
    std::cout << "closed " << info.code << " by " << (info.by_peer ? "them" : "us") << '\n';
  };
  ws::EventLoop loop;
  ws::WebSocket socket(loop, url, std::move(options));
  ws::WebSocket other(loop, url);
  other.abort();  // at once: no handshake, no callback
  loop.run();
}

// [/close]

// [loop]
void loop(const std::string& url) {
  ws::EventLoop loop;
  std::vector<std::unique_ptr<ws::WebSocket>> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(std::make_unique<ws::WebSocket>(loop, url));
    sockets.back()->callbacks().on_open = [](ws::WebSocket& socket) { socket.close(); };
  }
  loop.run();  // until the last of them has ended
  for (const auto& socket : sockets) {
    std::cout << (socket->state() == ws::State::kClosed ? "closed\n" : "not closed\n");
  }
}

// [/loop]

// [raise]
void raise(const std::string& url) {
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, url + "#fragment");
  try {
    loop.run();
  } catch (const ws::Exception& exception) {
    std::cout << ws::to_string(exception.error().code) << '\n';
  }
}

// [/raise]

// [callback]
void callback(const std::string& url) {
  ws::EventLoop loop;
  ws::WebSocket socket(loop, url);
  socket.callbacks().on_open = [](ws::WebSocket&) { throw std::runtime_error("my own"); };
  try {
    loop.run();
  } catch (const std::runtime_error& exception) {
    std::cout << exception.what() << '\n';
  }
}

// [/callback]

// [onclose]
void onclose(const std::string& url) {
  ws::Options options;
  options.callbacks.on_open = [](ws::WebSocket& socket) { (void)socket.send("fail"); };
  options.callbacks.on_close = [](ws::WebSocket&, const ws::CloseInfo& info) {
    // A closing handshake took place, whatever its code: look at it.
    std::cout << (info.code == ws::kCloseNormal ? "normal\n"
                                                : "code " + std::to_string(info.code) + "\n");
  };
  options.callbacks.on_error = [](ws::WebSocket&, const ws::Error&) {
    std::cout << "never together with on_close\n";
  };
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, url, std::move(options));
  loop.run();
}

// [/onclose]

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const std::string&)> rows{{"constructor", constructor},
                                                                 {"replace", replace},
                                                                 {"send", send},
                                                                 {"close", close},
                                                                 {"loop", loop},
                                                                 {"raise", raise},
                                                                 {"callback", callback},
                                                                 {"onclose", onclose}};
  const auto row = rows.find(argc == 3 ? argv[1] : "");
  if (row == rows.end()) {
    std::cerr << "usage: asyncore_rows ROW URL\n";
    return 2;
  }
  try {
    row->second(argv[2]);
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
