// SPDX-License-Identifier: MIT
// An independent WebSocket server (Boost.Beast) that is made to be killed. It records the number of
// each counted line in a file before it reads the next frame, so what it has answered a ping for is
// recorded, whatever happens to it then. To the message "resume N" it sends the lines behind N. A
// new connection replaces the one before, as servers do with the sessions of one user.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include "counted_lines.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::string_view kResume = "resume ";

struct Settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;        // 0: any
  std::string record;            // the file
  std::uint64_t send_count = 0;  // the last line of those it sends; then it closes with 1000
};

Settings parse_settings(int argc, char** argv) {
  std::map<std::string, std::string, std::less<>> values;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    values[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  Settings settings;
  if (const auto address = values.find("address"); address != values.end()) {
    settings.address = address->second;
  }
  settings.port = static_cast<std::uint16_t>(std::strtoul(values["port"].c_str(), nullptr, 10));
  settings.record = values["record"];
  settings.send_count = std::strtoull(values["send"].c_str(), nullptr, 10);
  return settings;
}

// Eight bytes for each number, in the order of the machine. What write() has taken outlives the
// process.
class Journal {
 public:
  explicit Journal(const std::string& path)
      : descriptor_(path.empty()
                        ? -1
                        : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (!path.empty() && descriptor_ < 0) {
      throw std::runtime_error("cannot write " + path);
    }
  }

  void record(std::uint64_t number) const {
    std::array<char, sizeof number> bytes{};
    std::memcpy(bytes.data(), &number, bytes.size());
    if (descriptor_ >= 0 &&
        write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("the record cannot be written");
    }
  }

 private:
  int descriptor_;
};

struct Server;

struct Session {
  Session(tcp::socket socket, Server& owner) : stream(std::move(socket)), server(owner) {}

  websocket::stream<tcp::socket> stream;
  Server& server;
  beast::flat_buffer received;
  std::string sending;
  std::uint64_t last_sent = 0;
};

using SessionPointer = std::shared_ptr<Session>;

struct Server {
  const Settings& settings;
  tcp::acceptor acceptor;
  Journal journal;
  peers::CountedLineReader reader{};
  std::weak_ptr<Session> current{};
};

void print_wrong(std::string_view message) {
  std::cout << R"({"event": "wrong", "bytes": )" << message.size() << '}' << std::endl;
}

void send_next(const SessionPointer& session) {
  if (session->last_sent == session->server.settings.send_count) {
    session->stream.async_close(websocket::close_code::normal, [session](error_code) {});
    return;
  }
  peers::make_counted_line(++session->last_sent, session->sending);
  session->stream.async_write(asio::buffer(session->sending),
                              [session](error_code failure, std::size_t) {
                                if (!failure) {
                                  send_next(session);
                                }
                              });
}

void take_message(const SessionPointer& session, std::string_view message) {
  if (message.starts_with(kResume)) {
    session->last_sent =
        std::strtoull(std::string(message.substr(kResume.size())).c_str(), nullptr, 10);
    std::cout << R"({"event": "resume", "behind": )" << session->last_sent << '}' << std::endl;
    send_next(session);
  } else if (const auto number = session->server.reader.number_of(message)) {
    session->server.journal.record(*number);
  } else {
    print_wrong(message);
  }
}

void receive_next(const SessionPointer& session) {
  session->stream.async_read(session->received, [session](error_code failure, std::size_t) {
    if (failure) {
      return;
    }
    const auto bytes = session->received.data();
    take_message(session, {static_cast<const char*>(bytes.data()), bytes.size()});
    session->received.consume(bytes.size());
    receive_next(session);
  });
}

void start_session(Server& server, tcp::socket socket) {
  if (const SessionPointer before = server.current.lock()) {
    error_code ignored;
    before->stream.next_layer().close(ignored);
  }
  const auto session = std::make_shared<Session>(std::move(socket), server);
  server.current = session;
  session->stream.read_message_max(0);
  session->stream.async_accept([session](error_code failure) {
    if (!failure) {
      session->stream.text(true);
      receive_next(session);
    }
  });
}

void accept_next(Server& server) {
  server.acceptor.async_accept([&server](error_code failure, tcp::socket socket) {
    if (!failure) {
      socket.set_option(tcp::no_delay(true), failure);
      // What is killed with a full buffer has not yet sent everything.
      socket.set_option(asio::socket_base::send_buffer_size(1 << 16), failure);
      start_session(server, std::move(socket));
    }
    accept_next(server);
  });
}

void serve(const Settings& settings) {
  asio::io_context io(1);
  Server server{settings,
                tcp::acceptor(io, {asio::ip::make_address(settings.address), settings.port}),
                Journal(settings.record)};
  std::cout << R"({"event": "listening", "port": )" << server.acceptor.local_endpoint().port()
            << '}' << std::endl;
  accept_next(server);
  io.run();
}

}  // namespace

// recording_peer [address=ADDRESS] [port=PORT] [record=FILE] [send=LAST]
int main(int argc, char** argv) {
  try {
    serve(parse_settings(argc, argv));
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
  return 0;
}
