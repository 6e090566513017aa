// SPDX-License-Identifier: MIT
// The chapters of the guide that talk to a server: docs/libws/guide.md shows these parts.
//
//   guide_chapters CHAPTER URL [FILE]
#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include <ws/websocket.h>

namespace {

using namespace std::chrono_literals;

struct Arguments {
  std::string url;
  std::string file;  // of certificates or of cookies, or another URL
};

// [reconnecting]
class Feed {
 public:
  Feed(ws::EventLoop& loop, std::string url) : loop_(loop), url_(std::move(url)) { connect(); }

 private:
  void connect() {
    ws::Options options;
    options.callbacks.on_open = [this](ws::WebSocket& socket) {
      delay_ = 100ms;
      (void)socket.send("subscribe");  // again on every connection
    };
    options.callbacks.on_message = [](ws::WebSocket&, const ws::Message& message) {
      std::cout << message.data << '\n';
    };
    options.callbacks.on_error = [this](ws::WebSocket&, const ws::Error& error) {
      std::cout << ws::to_string(error.code) << ", trying again\n";
      again_.start(delay_);
      delay_ = std::min(delay_ * 2, 30'000ms);
    };
    // In a later turn than the callbacks of the old one, so it may be replaced.
    socket_ = std::make_unique<ws::WebSocket>(loop_, url_, std::move(options));
  }

  ws::EventLoop& loop_;
  std::string url_;
  std::chrono::milliseconds delay_ = 100ms;
  std::unique_ptr<ws::WebSocket> socket_;
  ws::Timer again_{loop_, [this] { connect(); }};
};

// [/reconnecting]

void reconnecting(const Arguments& arguments) {
  ws::EventLoop loop;
  const Feed feed(loop, arguments.url);
  loop.run();
}

// [backpressure]
// Sends a hundred thousand numbered lines without holding them all.
class Producer {
 public:
  void send(ws::WebSocket& socket) {
    while (next_ < kCount) {
      switch (socket.send("line " + std::to_string(next_))) {
        case ws::SendResult::kSent:
          ++next_;
          break;
        case ws::SendResult::kQueued:  // taken, but that is enough: on_drain goes on
          ++next_;
          return;
        default:  // closing, or more than send_limit waits: this one was not taken
          return;
      }
    }
    socket.close();
  }

 private:
  static constexpr int kCount = 100'000;
  int next_ = 0;
};

ws::Callbacks produce(Producer& producer) {
  return {.on_open = [&](ws::WebSocket& socket) { producer.send(socket); },
          .on_drain = [&](ws::WebSocket& socket) { producer.send(socket); }};
}

// [/backpressure]

// [pausing]
// Lets the peer wait while what came is worked on: TCP tells it to send no more.
ws::Callbacks consume_slowly(ws::Timer& work) {
  return {.on_message = [&](ws::WebSocket& socket, const ws::Message&) {
    socket.pause();   // no message is called back and nothing is read
    work.start(1ms);  // which calls socket.resume() when it is done
  }};
}

// [/pausing]

void backpressure(const Arguments& arguments) {
  ws::EventLoop loop;
  Producer producer;
  std::size_t received = 0;
  ws::Options options{.callbacks = produce(producer)};
  options.callbacks.on_message = [&](ws::WebSocket&, const ws::Message&) { ++received; };
  const ws::WebSocket socket(loop, arguments.url, std::move(options));
  loop.run();
  std::cout << received << " lines came back\n";
}

void pausing(const Arguments& arguments) {
  ws::EventLoop loop;
  ws::WebSocket* paused = nullptr;
  int pauses = 0;
  ws::Timer work(loop, [&] {
    if (++pauses == 3) {
      paused->close();
    }
    paused->resume();
  });
  ws::WebSocket socket(loop, arguments.url, {.callbacks = consume_slowly(work)});
  paused = &socket;
  socket.callbacks().on_open = [](ws::WebSocket& self) {
    for (const char* line : {"one", "two", "three"}) {
      (void)self.send(line);
    }
  };
  loop.run();
  std::cout << pauses << " pauses\n";
}

// [streaming]
// Sends a message without knowing its length, and takes one without holding it.
ws::Callbacks stream(std::size_t& received) {
  return {.on_open =
              [](ws::WebSocket& socket) {
                ws::MessageWriter writer = socket.start_message(ws::MessageType::kBinary);
                for (int i = 0; i < 100; ++i) {
                  if (writer.write(std::string(10'000, 'x')) == ws::SendResult::kRefused) {
                    socket.abort();  // more than send_limit waits; see backpressure
                    return;
                  }
                }
                (void)writer.finish();
              },
          .on_message_chunk =
              [&](ws::WebSocket& socket, const ws::MessageChunk& chunk) {
                received += chunk.data.size();
                if (chunk.is_last) {
                  socket.close();
                }
              }};
}

// [/streaming]

void streaming(const Arguments& arguments) {
  ws::EventLoop loop;
  std::size_t received = 0;
  const ws::WebSocket socket(loop, arguments.url, {.callbacks = stream(received)});
  loop.run();
  std::cout << received << " bytes\n";
}

// [tls]
ws::Options secure(const std::string& ca_file) {
  ws::Options options;
  options.tls.ca_file = ca_file;  // replaces the system's certificates
  options.tls.min_version = ws::TlsVersion::kTls13;
  return options;
}

// For many connections: read and checked once, shared by all of them.
ws::Options secure_and_shared(const std::string& ca_file) {
  auto context = ws::make_tls_context({.ca_file = ca_file});
  if (!context) {
    throw ws::Exception(context.error());
  }
  return {.tls_context = *context};
}

// [/tls]

void tls(const Arguments& arguments) {
  ws::EventLoop loop;
  for (ws::Options options : {secure(arguments.file), secure_and_shared(arguments.file)}) {
    options.callbacks.on_open = [](ws::WebSocket& socket) {
      std::cout << "secure\n";
      socket.close();
    };
    const ws::WebSocket socket(loop, arguments.url, std::move(options));
    loop.run();
  }
  const ws::WebSocket untrusting(loop, arguments.url);
  try {
    loop.run();
  } catch (const ws::Exception& exception) {
    std::cout << ws::to_string(exception.error().code) << '\n';
  }
}

// [cookies]
ws::Options with_cookies(const std::string& path) {
  auto jar = std::make_shared<ws::CookieJar>();
  const auto count = jar->load(path);  // Netscape format: curl, wget, browser exports
  if (!count) {
    throw ws::Exception(count.error());
  }
  for (const ws::CookieFileProblem& problem : jar->problems()) {
    std::cerr << path << ':' << problem.line << ": " << problem.message << '\n';
  }
  return {.cookie_jar = jar};  // read again whenever the file has changed
}

void explain(const ws::CookieJar& jar, const std::string& url, std::int64_t now) {
  const auto parsed = ws::parse_url(url);
  if (!parsed) {
    throw ws::Exception(parsed.error());
  }
  for (const ws::CookieDecision& decision : jar.explain(*parsed, now)) {
    std::cout << decision.cookie.name << ' ' << ws::to_string(decision.verdict) << '\n';
  }
}

// [/cookies]

void cookies(const Arguments& arguments) {
  ws::Options options = with_cookies(arguments.file);
  explain(*options.cookie_jar, arguments.url, 1);
  options.callbacks.on_open = [](ws::WebSocket& socket) { socket.close(); };
  ws::EventLoop loop;
  const ws::WebSocket socket(loop, arguments.url, std::move(options));
  loop.run();
}

// [errors]
// Is it worth trying again, and if not, whose fault is it?
std::string judge(const ws::Error& error) {
  if (error.response) {
    return "the server said " + std::to_string(error.response->status);
  }
  switch (error.phase) {
    case ws::Phase::kOptions:
      return "mine: " + error.message;
    case ws::Phase::kResolve:
    case ws::Phase::kConnect:
      return "later";
    default:
      return std::string(ws::to_string(error.code));
  }
}

// [/errors]

void errors(const Arguments& arguments) {
  for (const std::string& url : {arguments.url, arguments.file}) {
    ws::EventLoop loop;
    ws::WebSocket socket(loop, url);
    socket.callbacks().on_error = [](ws::WebSocket&, const ws::Error& error) {
      std::cout << judge(error) << '\n';
    };
    loop.run();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const Arguments&)> chapters{{"reconnecting", reconnecting},
                                                                   {"backpressure", backpressure},
                                                                   {"pausing", pausing},
                                                                   {"streaming", streaming},
                                                                   {"tls", tls},
                                                                   {"cookies", cookies},
                                                                   {"errors", errors}};
  const auto chapter = chapters.find(argc >= 3 ? argv[1] : "");
  if (chapter == chapters.end()) {
    std::cerr << "usage: guide_chapters CHAPTER URL [FILE]\n";
    return 2;
  }
  try {
    chapter->second({.url = argv[2], .file = argc > 3 ? argv[3] : ""});
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
