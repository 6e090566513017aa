// SPDX-License-Identifier: MIT
#include "daemon/demo.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "daemon/listener_tcp.h"
#include "daemon/unix_socket.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

// A plain server for one connection: sends back at most `limit` bytes of what it receives, then
// ends.
class PlainEcho {
 public:
  explicit PlainEcho(ListeningSocket socket, std::size_t limit = SIZE_MAX)
      : socket_(std::move(socket)), thread_([this, limit] { serve(limit); }) {}

  ~PlainEcho() {
    shutdown(socket_.descriptor.get(), SHUT_RDWR);
    thread_.join();
  }

  PlainEcho(const PlainEcho&) = delete;
  PlainEcho& operator=(const PlainEcho&) = delete;

 private:
  void serve(std::size_t limit) {
    // The listening socket does not block.
    pollfd watched{.fd = socket_.descriptor.get(), .events = POLLIN, .revents = 0};
    poll(&watched, 1, -1);
    const Descriptor peer(accept(socket_.descriptor.get(), nullptr, nullptr));
    std::array<char, 1000> buffer{};
    ssize_t size = 0;
    while (limit > 0 &&
           (size = recv(peer.get(), buffer.data(), std::min(buffer.size(), limit), 0)) > 0) {
      limit -= static_cast<std::size_t>(
          send(peer.get(), buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL));
    }
  }

  ListeningSocket socket_;
  std::thread thread_;
};

ListeningSocket listen_anywhere() {
  auto sockets = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(sockets);
  return std::move(sockets->front());
}

TEST_CASE("demo: its configuration is one bridge on TCP and in the directory") {
  const auto config = demo_config("ws://127.0.0.1:9/", "/tmp/d");
  REQUIRE(config.bridges.size() == 1);
  const auto& bridge = config.bridges.front();
  CHECK(bridge.name == "demo");
  CHECK(bridge.upstream.url == "ws://127.0.0.1:9/");
  REQUIRE(bridge.listen.size() == 2);
  CHECK(config::to_string(bridge.listen[0].address) == "127.0.0.1:0");
  CHECK(config::to_string(bridge.listen[1].address) == "unix:/tmp/d/demo.sock");
  const auto chosen = demo_config("ws://127.0.0.1:9/", "/tmp/d", {.host = "::1", .port = 7001});
  CHECK(config::to_string(chosen.bridges.front().listen[0].address) == "[::1]:7001");
}

TEST_CASE("demo: the text has commands for every address") {
  const auto text = demo_text("ws://127.0.0.1:9/", {"127.0.0.1:7001", "[::1]:7002", "unix:/t/s"});
  CHECK_THAT(text, ContainsSubstring("ws://127.0.0.1:9/"));
  CHECK_THAT(text, ContainsSubstring("nc -N 127.0.0.1 7001\n"));
  CHECK_THAT(text, ContainsSubstring("socat - TCP:127.0.0.1:7001\n"));
  CHECK_THAT(text, ContainsSubstring("nc -N ::1 7002\n"));
  CHECK_THAT(text, ContainsSubstring("socat - TCP:[::1]:7002\n"));
  CHECK_THAT(text, ContainsSubstring("nc -N -U /t/s\n"));
  CHECK_THAT(text, ContainsSubstring("socat - UNIX-CONNECT:/t/s\n"));
}

TEST_CASE("demo: talk() returns the lines that come back, over TCP and Unix sockets") {
  const TempDir directory;
  const Lines lines{"hello", "", std::string(300'000, 'x'), "last"};
  SECTION("TCP") {
    auto socket = listen_anywhere();
    const std::string address = socket.address;
    const PlainEcho server(std::move(socket));
    const auto replies = talk(address, lines);
    REQUIRE(replies);
    CHECK(replies.value() == lines);
  }
  SECTION("Unix") {
    const bool is_abstract = GENERATE(false, true);
    auto socket = listen_unix(is_abstract ? abstract_listen("w" + directory.path())
                                          : unix_listen(directory / "s"));
    REQUIRE(socket);
    const std::string address = socket->address;
    const PlainEcho server(std::move(*socket));
    const auto replies = talk(address, lines);
    REQUIRE(replies);
    CHECK(replies.value() == lines);
  }
}

TEST_CASE("demo: talk() to a server that ends too early is an error") {
  auto socket = listen_anywhere();
  const std::string address = socket.address;
  const PlainEcho server(std::move(socket), 6);
  const auto replies = talk(address, {"hello", "never"});
  REQUIRE_FALSE(replies);
  CHECK(replies.error().code == ws::ErrorCode::kConnectionLost);
}

TEST_CASE("demo: talk() to a server that says nothing ends at the limit") {
  const auto socket = listen_anywhere();  // connections are queued and never accepted
  const auto before = std::chrono::steady_clock::now();
  const auto replies = talk(socket.address, {"hello"}, milliseconds(20));
  REQUIRE_FALSE(replies);
  CHECK(replies.error().code == ws::ErrorCode::kTimeout);
  CHECK_THAT(replies.error().message, ContainsSubstring("0 of 1 lines"));
  CHECK(std::chrono::steady_clock::now() - before >= milliseconds(20));
}

TEST_CASE("demo: talk() takes no more than kMaxReplyBytes") {
  auto socket = listen_anywhere();
  const std::string address = socket.address;
  const PlainEcho server(std::move(socket));
  const auto replies = talk(address, {std::string(kMaxReplyBytes + (std::size_t{1} << 20), 'x')});
  REQUIRE_FALSE(replies);
  CHECK_THAT(replies.error().message, ContainsSubstring("too long a reply"));
}

TEST_CASE("demo: talk() where nobody listens, and to what is no address, is an error") {
  std::string address;
  { address = listen_anywhere().address; }
  const auto refused = talk(address, {"hello"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ws::ErrorCode::kConnectFailed);
  CHECK_FALSE(talk("nonsense", {"hello"}));
  CHECK_FALSE(talk("unix:/" + std::string(200, 'x'), {"hello"}));
  CHECK_FALSE(talk("a name:1", {"hello"}));
}

}  // namespace
}  // namespace wsbridged::test
