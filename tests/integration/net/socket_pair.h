// SPDX-License-Identifier: MIT
// What the tests of streams share: connected sockets, a handler that writes down what it is told,
// and turning the loop until something is true.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <event2/event.h>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "support/catch.h"

namespace ws::test {

// A descriptor that is closed with its owner.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}

  ~Socket() { close(); }

  Socket(Socket&& other) noexcept : descriptor_(other.release()) {}

  Socket& operator=(Socket&& other) noexcept {
    close();
    descriptor_ = other.release();
    return *this;
  }

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int get() const { return descriptor_; }

  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

  void close() {
    if (descriptor_ >= 0) {
      ::close(release());
    }
  }

  // On TCP the peer then sees a reset.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  void set_buffers(int size) const {
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }

  void set_non_blocking() const { fcntl(descriptor_, F_SETFL, O_NONBLOCK); }

  // Throws and asserts nothing, as Catch2's assertions belong to one thread and peers have theirs.
  void send(std::string_view text) const {
    if (::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
      throw std::system_error(errno, std::generic_category(), "the test's send");
    }
  }

  // What is there to read, without waiting.
  [[nodiscard]] std::string take() const {
    std::string all;
    std::array<char, 65536> buffer{};
    ssize_t size = 0;
    while ((size = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

  // What recv() returns now: 0 is an end of file, -errno a failure.
  [[nodiscard]] int receive_result() const {
    std::array<char, 65536> buffer{};
    const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? -errno : static_cast<int>(size);
  }

 private:
  int descriptor_;
};

enum class SocketKind { kUnix, kTcp };

// `ours` is for the stream under test and does not block.
struct SocketPair {
  Socket ours;
  Socket peer;
};

inline SocketPair make_unix_pair() {
  std::array<int, 2> descriptors{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors.data()) == 0);
  return {Socket(descriptors[0]), Socket(descriptors[1])};
}

inline SocketPair make_tcp_pair() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(listener.get(), any, size) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  REQUIRE(getsockname(listener.get(), any, &size) == 0);
  SocketPair pair{Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), Socket()};
  REQUIRE(connect(pair.ours.get(), any, size) == 0);
  pair.peer = Socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(pair.peer.get() >= 0);
  const int on = 1;
  setsockopt(pair.peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return pair;
}

inline SocketPair make_pair(SocketKind kind) {
  SocketPair pair = kind == SocketKind::kUnix ? make_unix_pair() : make_tcp_pair();
  pair.ours.set_non_blocking();
  return pair;
}

// Turns the loop until `condition` holds, looking at it every millisecond, since it may depend on
// what is outside of the loop; 30 s without it fail the test.
template <typename Condition>
void run_until(EventLoop& loop, Condition condition) {
  const auto limit = EventLoop::Clock::now() + std::chrono::seconds(30);
  std::unique_ptr<Timer> tick;
  tick = std::make_unique<Timer>(loop, [&tick] { tick->start(std::chrono::milliseconds(1)); });
  tick->start(std::chrono::milliseconds(1));
  while (!condition() && EventLoop::Clock::now() < limit) {
    event_base_loop(loop.base(), EVLOOP_ONCE);
    loop.rethrow_pending();
  }
  REQUIRE(condition());
}

// Several turns without waiting: whatever was going to happen has then happened.
inline void run_turns(EventLoop& loop, int count = 16) {
  for (int i = 0; i < count; ++i) {
    event_base_loop(loop.base(), EVLOOP_ONCE | EVLOOP_NONBLOCK);
    loop.rethrow_pending();
  }
}

// Writes down one letter per call, D data, E end, T truncated end, d drained, s sent, e end ahead,
// H hang-up, F failure; and runs `then` for a letter, when there is one.
class Recorder final : public net::StreamHandler {
 public:
  std::string calls;
  std::string data;
  Error failure;
  std::size_t largest = 0;  // on_data
  std::function<void(char)> then;

  void on_data(std::span<std::byte> bytes) override {
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    largest = std::max(largest, bytes.size());
    note('D');
  }

  void on_eof(net::Eof eof) override { note(eof == net::Eof::kClean ? 'E' : 'T'); }

  void on_drained() override { note('d'); }

  void on_eof_ahead() override { note('e'); }

  void on_hang_up() override { note('H'); }

  void on_sent() override { note('s'); }

  void on_failure(const Error& error) override {
    failure = error;
    note('F');
  }

  [[nodiscard]] bool has(char letter) const { return calls.find(letter) != std::string::npos; }

 private:
  void note(char letter) {
    calls += letter;
    if (then) {
      const std::function<void(char)> action = then;  // it may replace or destroy us
      action(letter);
    }
  }
};

// A stream on one end of a pair, with its recorder.
struct StreamAndPeer {
  StreamAndPeer(EventLoop& loop, SocketKind kind) : StreamAndPeer(loop, make_pair(kind)) {}

  StreamAndPeer(EventLoop& loop, SocketPair pair)
      : peer(std::move(pair.peer)), stream(net::adopt_socket(loop, pair.ours.release())) {
    stream->set_handler(&recorder);
  }

  void send(std::string_view text) const {
    stream->output().append(text);
    stream->flush_soon();
  }

  Recorder recorder;
  Socket peer;
  std::unique_ptr<net::Stream> stream;
};

// Bytes whose position shows: neither order nor loss goes unnoticed.
inline std::string numbered_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i >> 12) ^ (i * 31));
  }
  return bytes;
}

}  // namespace ws::test
