// SPDX-License-Identifier: MIT
// Connections that owe a PROXY header: what is taken off them, how many wait and for how long.
#include "daemon/listener_proxy.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kHeader = "PROXY TCP4 192.0.2.7 127.0.0.1 4711 7001\r\n";

std::shared_ptr<Bridge> make_bridge() {
  config::Bridge settings;
  settings.name = "b";
  settings.upstream.url = "ws://127.0.0.1:1/";
  auto bridge = Bridge::prepare(std::move(settings));
  REQUIRE(bridge);
  return bridge.value();
}

// A room on a loop, and what it told.
struct Fixture {
  explicit Fixture(milliseconds time_limit = milliseconds(10'000)) {
    room.emplace(loop,
                 ProxyHeaderRoom::Callbacks{.on_header =
                                                [this](Arrival arrival) {
                                                  arrived.push_back(std::move(arrival));
                                                  loop.stop();
                                                },
                                            .on_refuse =
                                                [this](const Peer&, const std::string& cause) {
                                                  refused.push_back(cause);
                                                  loop.stop();
                                                },
                                            .on_leave =
                                                [this](const Peer&) {
                                                  ++left;
                                                  loop.stop();
                                                }},
                 time_limit);
  }

  // The other end of a connection that waits.
  Descriptor connect() {
    std::array<int, 2> pair{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0);
    room->wait_for({SessionSlot(bridge), Descriptor(pair[0]), Peer{.address = "127.0.0.1"}});
    return Descriptor(pair[1]);
  }

  // Runs until something is told, or until nothing is left to do at once.
  void run(bool waits = true) {
    ws::Timer idle(loop, [this] { loop.stop(); });
    idle.start(milliseconds(waits ? 10'000 : 0));
    loop.run();
  }

  std::shared_ptr<Bridge> bridge = make_bridge();
  ws::EventLoop loop;
  std::optional<ProxyHeaderRoom> room;
  std::vector<Arrival> arrived;
  std::vector<std::string> refused;
  int left = 0;
};

void write_to(const Descriptor& client, std::string_view bytes) {
  REQUIRE(write(client.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
}

std::string read_from(const Descriptor& connection) {
  std::array<char, 256> buffer{};
  const ssize_t size = read(connection.get(), buffer.data(), buffer.size());
  return size < 0 ? "(nothing)" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

TEST_CASE("listener proxy: exactly the header is taken off a connection", "[listener_proxy]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  CHECK(fixture.bridge->session_count() == 1);
  write_to(client, std::string(kHeader) + "a line\n");
  fixture.run();
  REQUIRE(fixture.arrived.size() == 1);
  const Peer& peer = fixture.arrived[0].peer;
  REQUIRE(peer.announced);
  CHECK(peer.announced->address == "192.0.2.7");
  CHECK(peer.announced->port == 4711);
  CHECK(peer.address == "127.0.0.1");
  CHECK(read_from(fixture.arrived[0].descriptor) == "a line\n");
  CHECK(fixture.room->size() == 0);
  CHECK(fixture.bridge->session_count() == 1);
  fixture.arrived.clear();
  CHECK(fixture.bridge->session_count() == 0);
}

TEST_CASE("listener proxy: a header may come byte by byte, without the loop spinning",
          "[listener_proxy]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  for (const char c : kHeader.substr(0, kHeader.size() - 1)) {
    write_to(client, std::string(1, c));
    fixture.run(false);
    CHECK(fixture.arrived.empty());
  }
  write_to(client, "\nrest");
  fixture.run();
  REQUIRE(fixture.arrived.size() == 1);
  CHECK(read_from(fixture.arrived[0].descriptor) == "rest");
}

TEST_CASE("listener proxy: a header that names nobody leaves the peer as it is",
          "[listener_proxy]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  write_to(client, "PROXY UNKNOWN\r\n");
  fixture.run();
  REQUIRE(fixture.arrived.size() == 1);
  CHECK_FALSE(fixture.arrived[0].peer.announced);
  CHECK(read_from(fixture.arrived[0].descriptor) == "(nothing)");
}

TEST_CASE("listener proxy: what is no header is refused and disconnected", "[listener_proxy]") {
  Fixture fixture;
  const Descriptor client = fixture.connect();
  write_to(client, "hello\n");
  fixture.run();
  CHECK(fixture.refused ==
        std::vector<std::string>{"PROXY header: the connection does not begin with one"});
  CHECK(read_from(client).size() != 1);
  CHECK(fixture.bridge->session_count() == 0);
}

TEST_CASE("listener proxy: who leaves without a byte is told apart from who breaks off",
          "[listener_proxy]") {
  Fixture fixture;
  { const Descriptor client = fixture.connect(); }
  fixture.run();
  CHECK(fixture.left == 1);
  CHECK(fixture.refused.empty());
  const Descriptor client = fixture.connect();
  write_to(client, kHeader.substr(0, 20));
  REQUIRE(shutdown(client.get(), SHUT_WR) == 0);
  fixture.run();
  CHECK(fixture.refused ==
        std::vector<std::string>{"the connection ended within its PROXY header"});
}

TEST_CASE("listener proxy: who sends nothing is refused when the time is over",
          "[listener_proxy]") {
  Fixture fixture(milliseconds(1'000));
  const Descriptor client = fixture.connect();
  write_to(client, kHeader.substr(0, 20));
  fixture.run(false);
  CHECK(fixture.refused.empty());
  fixture.run();
  CHECK(fixture.refused == std::vector<std::string>{"no PROXY header within 1 s"});
}

TEST_CASE("listener proxy: 128 wait, and one more sends the oldest away", "[listener_proxy]") {
  Fixture fixture;
  std::vector<Descriptor> clients;
  for (std::size_t i = 0; i < ProxyHeaderRoom::kMaxWaiting; ++i) {
    clients.push_back(fixture.connect());
  }
  CHECK(fixture.refused.empty());
  clients.push_back(fixture.connect());
  CHECK(fixture.refused.size() == 1);
  CHECK(fixture.room->size() == ProxyHeaderRoom::kMaxWaiting);
  CHECK(read_from(clients[0]).empty());         // ended
  CHECK(read_from(clients[1]) == "(nothing)");  // still there
  fixture.room.reset();
  CHECK(read_from(clients[1]).empty());
  CHECK(fixture.bridge->session_count() == 0);
}

}  // namespace
}  // namespace wsbridged
