// SPDX-License-Identifier: MIT
// A WebSocket by hand: each line typed is a message, each message a line. Messages go to standard
// output, everything about the connection to standard error.
//
// A line that begins with a slash is a command: /ping [TEXT], /close [CODE [REASON]], /pause,
// /resume; // sends a line that begins with a slash.
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include <ws/websocket.h>

#include "stdin_lines.h"
#include "wscat_flags.h"

namespace {

class Wscat {
 public:
  explicit Wscat(WscatFlags flags) : flags_(std::move(flags)) {
    ws::Callbacks& on = flags_.options.callbacks;
    on.on_open = [this](ws::WebSocket& socket) { open(socket); };
    on.on_message = [this](ws::WebSocket& socket, const ws::Message& message) {
      print(socket, message);
    };
    on.on_drain = [this](ws::WebSocket&) { lines_->next(); };
    on.on_pong = [this](ws::WebSocket&, std::string_view payload) {
      note("pong " + std::string(payload));
    };
    on.on_close = [this](ws::WebSocket&, const ws::CloseInfo& info) { end(info); };
    on.on_error = [this](ws::WebSocket&, const ws::Error& error) { fail(error); };
  }

  int run() {
    socket_.emplace(loop_, flags_.url, flags_.options);
    loop_.run();
    return status_;
  }

 private:
  void note(const std::string& text) const {
    if (!flags_.quiet) {
      std::cerr << "* " << text << '\n';
    }
  }

  void open(ws::WebSocket& socket) {
    note("connected to " + socket.url().redacted() + " at " + socket.remote_address());
    if (!socket.subprotocol().empty()) {
      note("subprotocol " + socket.subprotocol());
    }
    if (const auto tls = socket.tls_info()) {
      note(tls->version + ' ' + tls->cipher + ", pin " + tls->pin);
      if (!tls->verified) {
        std::cerr << "wscat: WARNING: the server's certificate was not verified\n";
      }
    }
    if (socket.is_compression_agreed()) {
      note("compressed");
    }
    lines_.emplace(
        loop_, [this](const std::string& line) { take(line); }, [this] { take_end(); });
    lines_->next();
  }

  void print(ws::WebSocket& socket, const ws::Message& message) {
    std::cout << message.data << '\n' << std::flush;
    if (flags_.one_shot) {
      socket.close();
    } else if (linger_.is_running()) {
      linger_.start(flags_.linger);
    }
  }

  void take(const std::string& line) {
    if (line.starts_with('/') && !line.starts_with("//")) {
      obey(line);
      lines_->next();
    } else {
      send(line.starts_with("//") ? line.substr(1) : line);
    }
  }

  void send(const std::string& line) {
    const auto result =
        flags_.binary ? socket_->send_binary(std::as_bytes(std::span(line))) : socket_->send(line);
    switch (result) {
      case ws::SendResult::kSent:
        lines_->next();
        break;
      case ws::SendResult::kQueued:  // on_drain asks for the next one
        break;
      case ws::SendResult::kRefused:
        note("not sent: it is too long, or the connection is closing");
        lines_->next();
        break;
      case ws::SendResult::kInvalidUtf8:
        note("not sent: not UTF-8 (see --binary)");
        lines_->next();
        break;
    }
  }

  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "/ping") {
      socket_->ping(rest_of(words));
    } else if (command == "/close") {
      std::uint16_t code = ws::kCloseNormal;
      words >> code;
      socket_->close(code, rest_of(words));
    } else if (command == "/pause") {
      socket_->pause();
    } else if (command == "/resume") {
      socket_->resume();
    } else {
      note("commands: /ping [TEXT], /close [CODE [REASON]], /pause, /resume");
    }
  }

  static std::string rest_of(std::istringstream& words) {
    words.clear();
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  // Answers may still be under way.
  void take_end() {
    if (!flags_.one_shot) {
      linger_.start(flags_.linger);
    }
  }

  void end(const ws::CloseInfo& info) {
    note("closed with " + std::to_string(info.code) + ' ' + info.reason);
    status_ = info.code == ws::kCloseNormal || info.code == ws::kCloseNoStatus ? 0 : 1;
    leave();
  }

  void fail(const ws::Error& error) {
    std::cerr << "wscat: " << ws::to_string(error.code) << " (" << ws::to_string(error.phase)
              << "): " << error.message << '\n';
    if (error.response) {
      std::cerr << error.response->body << '\n';
    }
    status_ = 1;
    leave();
  }

  // Nothing is left to wait for: run() returns.
  void leave() {
    lines_.reset();
    linger_.stop();
  }

  WscatFlags flags_;
  int status_ = 0;
  ws::EventLoop loop_;
  std::optional<ws::WebSocket> socket_;
  ws::Timer linger_{loop_, [this] { socket_->close(); }};
  std::optional<StdinLines> lines_;  // dies before the loop it posts to
};

}  // namespace

int main(int argc, char** argv) {
  try {
    int status = 0;
    auto flags = parse_flags(argc, argv, status);
    return flags ? Wscat(std::move(*flags)).run() : status;
  } catch (const std::exception& failure) {
    std::cerr << "wscat: " << failure.what() << '\n';
    return 1;
  }
}
