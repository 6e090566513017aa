// SPDX-License-Identifier: MIT
// The echo client without a library: what the kernel alone costs. It waits, receives what is there
// and sends what may go, one system call each, with frames that were made beforehand; it checks
// nothing but the number of bytes. No library that waits for readiness can cost less.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "echo_run.h"

namespace {

void check(bool succeeded, const char* what) {
  if (!succeeded) {
    throw std::runtime_error(what);
  }
}

class Client {
 public:
  explicit Client(bench::EchoRun& echo) : echo_(echo) {}

  void run() {
    connect();
    shake_hands();
    send_more();
    while (receive()) {
      send_more();
    }
    echo_.print();
  }

 private:
  // A masked text frame of up to 125 bytes, and the same as it comes back (RFC 6455 section 5.2).
  static constexpr std::size_t kMaskedHeader = 6;
  static constexpr std::size_t kHeader = 2;

  void connect() {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(echo_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
          "not connected");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_ = epoll_create1(0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket_}};
    check(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event) == 0, "not watched");
  }

  void shake_hands() {
    const std::string request =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(echo_.port()) +
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n";
    check(send(socket_, request.data(), request.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(request.size()),
          "no request");
    std::string response;
    while (!response.ends_with("\r\n\r\n")) {
      char byte = 0;
      check(recv(socket_, &byte, 1, 0) == 1, "no response");
      response += byte;
    }
    check(response.starts_with("HTTP/1.1 101"), "refused");
  }

  void send_more() {
    std::size_t count = 0;
    while (echo_.take_turn()) {
      ++count;
    }
    while (frames_.size() < count * frame().size()) {
      frames_ += frame();
    }
    const auto size = static_cast<ssize_t>(count * frame().size());
    check(size == 0 || send(socket_, frames_.data(), count * frame().size(), MSG_NOSIGNAL) == size,
          "not sent");
  }

  bool receive() {
    epoll_event event{};
    check(epoll_wait(epoll_, &event, 1, -1) == 1, "not woken");
    const ssize_t size = recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    check(size > 0, "nothing received");
    pending_ += static_cast<std::size_t>(size);
    bool goes_on = true;
    for (; pending_ >= kHeader + echo_.payload().size() && goes_on;
         pending_ -= kHeader + echo_.payload().size()) {
      goes_on = echo_.count_received(echo_.payload());
    }
    return goes_on;
  }

  [[nodiscard]] const std::string& frame() {
    if (frame_.empty()) {
      frame_ = std::string("\x81", 1) + static_cast<char>(0x80U | echo_.payload().size()) +
               std::string(kMaskedHeader - kHeader, '\0') + std::string(echo_.payload());
    }
    return frame_;
  }

  bench::EchoRun& echo_;
  int socket_ = -1;
  int epoll_ = -1;
  std::string frame_;
  std::string frames_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10U);
  std::size_t pending_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run<Client>(argc, argv);
}
