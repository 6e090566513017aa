// SPDX-License-Identifier: MIT
#include "daemon/echo_server.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include <ws/event_loop.h>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

// The client's request of RFC 6455 section 1.3, and what the answer to it must hold.
const std::string kRequest =
    "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// RFC 6455 section 5.7: "Hello" masked and unmasked.
const std::string kMaskedHello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
const std::string kHello = "\x81\x05\x48\x65\x6c\x6c\x6f"s;

// A client without a thread: the server's loop turns whenever the client has to wait.
class Client {
 public:
  Client(ws::EventLoop& loop, const EchoServer& server)
      : loop_(loop), socket_(connect_to(loopback(port_part(server.url())))) {
    REQUIRE(socket_);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      bytes.remove_prefix(send_some(bytes));
      turn();
    }
  }

  // What the kernel took of it, perhaps nothing.
  std::size_t send_some(std::string_view bytes) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    REQUIRE((sent >= 0 || errno == EAGAIN));
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  // Lets the server do what it can do at once.
  void turn() {
    ws::Timer idle(loop_, [this] { loop_.stop(); });
    idle.start(milliseconds(0));
    loop_.run();
  }

  void receive_some() {
    std::array<char, 65536> buffer{};
    const auto size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) {
      received_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    has_ended_ = has_ended_ || size == 0 || (size < 0 && errno != EAGAIN);
  }

  // What arrives until it has `size` bytes, taken; what there is at the end or after ten seconds.
  std::string receive(std::size_t size) {
    wait_for([&] { return received_.size() >= size || has_ended_; });
    const auto taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  std::string receive_head() {
    wait_for([&] { return received_.find("\r\n\r\n") != std::string::npos || has_ended_; });
    const auto end = received_.find("\r\n\r\n");
    return receive(end == std::string::npos ? received_.size() : end + 4);
  }

  [[nodiscard]] bool sees_end() {
    wait_for([&] { return has_ended_; });
    return has_ended_;
  }

  [[nodiscard]] bool has_answer() {
    turn();
    receive_some();
    return !received_.empty();
  }

 private:
  static std::string port_part(const std::string& url) { return url.substr(0, url.size() - 1); }

  template <typename Condition>
  void wait_for(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < give_up) {
      turn();
      receive_some();
    }
  }

  ws::EventLoop& loop_;
  Descriptor socket_;
  std::string received_;
  bool has_ended_ = false;
};

TEST_CASE("echo_server: text, binary and empty messages come back (RFC 6455 5.7)") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  Client client(loop, server);
  client.send(kRequest);
  CHECK_THAT(client.receive_head(), StartsWith("HTTP/1.1 101 ") && ContainsSubstring(kAccept));
  client.send(kMaskedHello);
  CHECK(client.receive(kHello.size()) == kHello);
  client.send("\x82\x83\x37\xfa\x21\x3d\x37\x05\x20"s);  // 00 ff 01
  CHECK(client.receive(5) == "\x82\x03\x00\xff\x01"s);
  client.send("\x81\x80\x37\xfa\x21\x3d"s);
  CHECK(client.receive(2) == "\x81\x00"s);
}

TEST_CASE("echo_server: the request and the frames behind it may be cut anywhere") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  const std::string all = kRequest + kMaskedHello;
  const auto cut = GENERATE_COPY(range(std::size_t{1}, all.size()));
  Client client(loop, server);
  client.send(all.substr(0, cut));
  client.send(all.substr(cut));
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));
  CHECK(client.receive(kHello.size()) == kHello);
}

TEST_CASE("echo_server: whole and byte by byte are the same to it") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  const std::string all = kRequest + kMaskedHello;
  const auto step = GENERATE_COPY(values({std::size_t{1}, all.size()}));
  Client client(loop, server);
  for (std::size_t at = 0; at < all.size(); at += step) {
    client.send(std::string_view(all).substr(at, step));
  }
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));
  CHECK(client.receive(kHello.size()) == kHello);
}

TEST_CASE("echo_server: a ping is answered, a Close too, and then it ends (RFC 6455 5.5)") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  Client client(loop, server);
  client.send(kRequest);
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));
  client.send("\x89\x81\x37\xfa\x21\x3d\x4f"s);
  CHECK(client.receive(3) == "\x8a\x01x"s);
  client.send("\x88\x82\x37\xfa\x21\x3d\x34\x12"s);  // 1000
  CHECK(client.receive(4) == "\x88\x02\x03\xe8"s);
  CHECK(client.sees_end());
  CHECK(server.connection_count() == 0);
}

TEST_CASE("echo_server: a frame without a mask ends it with 1002 (RFC 6455 5.1)") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  Client client(loop, server);
  client.send(kRequest + kHello);
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));
  const auto close = client.receive(4);
  CHECK(close.substr(0, 1) == "\x88"s);
  CHECK(close.substr(2) == "\x03\xea"s);
  CHECK(client.sees_end());
}

TEST_CASE("echo_server: what is no WebSocket request is refused and ended") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  Client client(loop, server);
  client.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  CHECK_THAT(client.receive_head(), StartsWith("HTTP/1.1 4"));
  CHECK(client.sees_end());
  CHECK(server.connection_count() == 0);
}

TEST_CASE("echo_server: a request that does not come within the limit is ended") {
  ws::EventLoop loop;
  const EchoServer server(loop, milliseconds(1));
  Client client(loop, server);
  client.send(kRequest.substr(0, 20));
  CHECK(client.sees_end());
  CHECK(server.connection_count() == 0);
}

TEST_CASE("echo_server: it stops reading while a client does not, and loses nothing") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  Client client(loop, server);
  client.send(kRequest);
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));

  // 512 messages of 128 KiB: far more than it and the kernel hold between them.
  constexpr std::size_t kCount = 512;
  constexpr std::size_t kSize = std::size_t{128} << 10;
  const std::string message =
      "\x82\xff\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00"s + std::string(kSize, 'x');
  std::string all;
  for (std::size_t i = 0; i < kCount; ++i) {
    all += message;
  }
  std::string_view left = all;
  constexpr int kStuck = 100;  // turns in a row that took nothing
  for (int blocked = 0; blocked < kStuck && !left.empty();) {
    const auto sent = client.send_some(left);
    left.remove_prefix(sent);
    blocked = sent == 0 ? blocked + 1 : 0;
    client.turn();
  }
  CHECK(all.size() - left.size() < all.size() / 2);

  std::size_t received = 0;
  const std::string expected =
      "\x82\x7f\x00\x00\x00\x00\x00\x02\x00\x00"s + std::string(kSize, 'x');
  for (std::size_t i = 0; i < kCount; ++i) {
    left.remove_prefix(client.send_some(left));
    received += client.receive(expected.size()) == expected ? 1 : 0;
  }
  CHECK(left.empty());
  CHECK(received == kCount);
}

TEST_CASE("echo_server: the connection after kMaxConnections waits until another one ends") {
  ws::EventLoop loop;
  const EchoServer server(loop);
  std::list<Client> clients;
  for (std::size_t i = 0; i < EchoServer::kMaxConnections + 1; ++i) {
    clients.emplace_back(loop, server).send(kRequest);
  }
  CHECK_FALSE(clients.back().has_answer());
  CHECK(server.connection_count() == EchoServer::kMaxConnections);
  for (auto client = clients.begin(); client != std::prev(clients.end()); ++client) {
    CHECK_THAT(client->receive_head(), ContainsSubstring(kAccept));
  }
  clients.pop_front();
  CHECK_THAT(clients.back().receive_head(), ContainsSubstring(kAccept));
  CHECK(server.connection_count() == EchoServer::kMaxConnections);
}

TEST_CASE("echo_server: destroyed with open connections it ends them") {
  ws::EventLoop loop;
  std::optional<EchoServer> server(std::in_place, loop);
  Client client(loop, *server);
  client.send(kRequest);
  CHECK_THAT(client.receive_head(), ContainsSubstring(kAccept));
  server.reset();
  CHECK(client.sees_end());
}

}  // namespace
}  // namespace wsbridged::test
