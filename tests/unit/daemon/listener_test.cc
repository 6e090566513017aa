// SPDX-License-Identifier: MIT
#include "daemon/listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <stdexcept>
#include <vector>

#include "daemon/listener_backoff.h"
#include "listener_support.h"
#include "support/catch.h"
#include "support/refused_watches.h"

namespace {

// errno values for the next calls of accept4(), 0 for a real one; and how many calls there were.
std::deque<int>& scripted_accepts() {
  static std::deque<int> errors;
  return errors;
}

int accept_count = 0;

}  // namespace

// Stands in for libc's in this executable.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved names
extern "C" int accept4(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  ++accept_count;
  if (!scripted_accepts().empty()) {
    const int error = scripted_accepts().front();
    scripted_accepts().pop_front();
    if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return static_cast<int>(syscall(SYS_accept4, descriptor, address, length, flags));
}

namespace wsbridged::test {
namespace {

using std::chrono::milliseconds;
using Listeners = std::vector<std::unique_ptr<Listener>>;

constexpr milliseconds kGiveUp{10'000};

// A loop, what its listeners told, and an end should nothing be told.
struct Server {
  Server() {
    accept_count = 0;
    scripted_accepts().clear();
    limit.start(kGiveUp);
  }

  // The only address that `listen` stands for, accepting.
  Listener& listen(const config::Listen& listen) {
    auto opened = Listener::open(loop, listen);
    REQUIRE(opened);
    REQUIRE(opened->size() == 1);
    listener = std::move(opened->front());
    start();
    return *listener;
  }

  void start() {
    listener->start(
        [this](int descriptor, const Peer& peer) {
          accepted.emplace_back(descriptor);
          peers.push_back(peer);
          stop_when_done();
        },
        [this](const std::string& error) {
          pauses.push_back(error);
          stop_when_done();
        });
  }

  void stop_when_done() {
    if (done()) {
      loop.stop();
    }
  }

  // Runs until `condition` holds.
  void run_until(std::function<bool()> condition) {
    done = std::move(condition);
    if (!done()) {
      loop.run();
    }
    REQUIRE(done());
  }

  // Runs the loop as long as it has something to do at once.
  void run_idle() {
    ws::Timer idle(loop, [this] { loop.stop(); });
    idle.start(milliseconds(0));
    done = [] { return false; };
    loop.run();
  }

  ws::EventLoop loop;
  ws::Timer limit{loop, [this] { loop.stop(); }};
  std::unique_ptr<Listener> listener;
  std::vector<Descriptor> accepted;
  std::vector<Peer> peers;
  std::vector<std::string> pauses;
  std::function<bool()> done = [] { return false; };
};

std::vector<Descriptor> connect_many(const SocketAddress& address, int count) {
  std::vector<Descriptor> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(connect_to(address));
    REQUIRE(clients.back());
  }
  return clients;
}

bool is_set(int descriptor, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, level, name, &value, &length) == 0 && value != 0;
}

TEST_CASE("listener: port 0 becomes a real port in its address") {
  ws::EventLoop loop;
  auto opened = Listener::open(loop, tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  REQUIRE(opened->size() == 1);
  CHECK_THAT(opened->front()->address(), StartsWith("127.0.0.1:"));
  CHECK(opened->front()->address() != "127.0.0.1:0");
}

TEST_CASE("listener: an accepted TCP connection is non-blocking, with NODELAY and keepalive") {
  Server server;
  const auto address = loopback(server.listen(tcp_listen("127.0.0.1")).address());
  const auto client = connect_to(address);
  server.run_until([&] { return server.accepted.size() == 1; });
  const int descriptor = server.accepted.front().get();
  CHECK((fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(is_set(descriptor, IPPROTO_TCP, TCP_NODELAY));
  CHECK(is_set(descriptor, SOL_SOCKET, SO_KEEPALIVE));
  CHECK(server.peers.front().to_string() == to_string(local_address(client.get())));
}

TEST_CASE("listener: an accepted Unix connection comes with uid, gid and pid") {
  const TempDir directory;
  Server server;
  const auto client = connect_unix(server.listen(unix_listen(directory / "s")).address());
  server.run_until([&] { return server.accepted.size() == 1; });
  const Peer& peer = server.peers.front();
  CHECK(peer.is_unix);
  CHECK(peer.uid == geteuid());
  CHECK(peer.gid == getegid());
  CHECK(peer.pid == getpid());
  CHECK((fcntl(server.accepted.front().get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("listener: a peer over an abstract socket is told as such") {
  const TempDir directory;
  Server server;
  const auto address = server.listen(abstract_listen("wsbridged-" + directory.path())).address();
  const auto client = connect_unix(address);
  server.run_until([&] { return server.accepted.size() == 1; });
  CHECK(server.peers.front().is_abstract);
  CHECK(server.peers.front().uid == geteuid());
}

TEST_CASE("listener: while paused connections wait in the queue, then they are accepted") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  listener.pause();
  const auto clients = connect_many(loopback(listener.address()), 3);
  server.run_idle();
  CHECK(server.accepted.empty());
  listener.resume();
  server.run_until([&] { return server.accepted.size() == 3; });
  CHECK(server.pauses.empty());
}

TEST_CASE("listener: what the loop cannot wait for pauses accepting, which is tried again") {
  Server server;
  auto opened = Listener::open(server.loop, tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  server.listener = std::move(opened->front());
  const auto clients = connect_many(loopback(server.listener->address()), 2);
  ws::test::refused_watches = 3;
  server.start();
  server.run_until([&] { return server.accepted.size() == 2 && server.pauses.size() == 2; });
  CHECK(ws::test::refused_watches == 0);
  CHECK_FALSE(server.pauses.front().empty());
  CHECK(server.pauses.back().empty());
}

TEST_CASE("listener: the last that wait are accepted at once, with another backlog and callbacks") {
  Server server;
  config::Listen listen = tcp_listen("127.0.0.1");
  Listener& listener = server.listen(listen);
  listener.pause();
  const auto clients = connect_many(loopback(listener.address()), 100);
  listen.backlog = 1;
  CHECK_FALSE(listener.change({.listen = listen, .target = {}}));
  listener.accept_last();
  CHECK(accept_count == 0);
  std::vector<Descriptor> accepted;
  listener.start([&](int descriptor, const Peer&) { accepted.emplace_back(descriptor); }, {});
  listener.accept_last();
  CHECK(accepted.size() == 100);
  CHECK(accept_count == 101);
}

TEST_CASE("listener: pause() from inside a callback takes effect before the next connection") {
  Server server;
  auto opened = Listener::open(server.loop, tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  auto& listener = *opened->front();
  int count = 0;
  listener.start(
      [&](int descriptor, const Peer&) {
        const Descriptor closed(descriptor);
        ++count;
        listener.pause();
      },
      {});
  const auto clients = connect_many(loopback(listener.address()), 3);
  server.run_idle();
  CHECK(count == 1);
  listener.resume();
  server.run_idle();
  CHECK(count == 2);
}

TEST_CASE("listener: a callback may destroy it") {
  Server server;
  auto opened = Listener::open(server.loop, tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  auto listener = std::move(opened->front());
  const std::string kept = "the function outlives its listener";
  std::string seen;
  listener->start(
      [&, kept](int descriptor, const Peer&) {
        const Descriptor closed(descriptor);
        listener.reset();
        seen = kept;
        server.loop.stop();
      },
      {});
  const auto clients = connect_many(loopback(listener->address()), 2);
  server.loop.run();
  CHECK(seen == kept);
}

TEST_CASE("listener: a callback's exception comes out of run(), and accepting goes on after it") {
  Server server;
  auto opened = Listener::open(server.loop, tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  auto& listener = *opened->front();
  int count = 0;
  listener.start(
      [&](int descriptor, const Peer&) {
        const Descriptor closed(descriptor);
        if (++count == 1) {
          throw std::runtime_error("thrown by the owner");
        }
        server.loop.stop();
      },
      {});
  const auto clients = connect_many(loopback(listener.address()), 2);
  CHECK_THROWS_WITH(server.loop.run(), "thrown by the owner");
  server.loop.run();
  CHECK(count == 2);
}

TEST_CASE("listener: at most 64 are accepted before other events have their turn") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  const auto clients = connect_many(loopback(listener.address()), 200);
  std::size_t at_next_turn = 0;
  bool is_posted = false;
  server.run_until([&] {
    if (!server.accepted.empty() && !std::exchange(is_posted, true)) {
      server.loop.post([&] { at_next_turn = server.accepted.size(); });
    }
    return server.accepted.size() == 200;
  });
  CHECK(at_next_turn >= 64);
  CHECK(at_next_turn <= 128);
}

TEST_CASE("listener: a connection that is gone before it is accepted is passed over") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  scripted_accepts() = {ECONNABORTED, EPROTO, EINTR, EPERM, ENETDOWN, EHOSTUNREACH};
  const auto client = connect_to(loopback(listener.address()));
  server.run_until([&] { return server.accepted.size() == 1; });
  CHECK(server.pauses.empty());
}

TEST_CASE("listener: out of descriptors or memory it rests, tells once and goes on") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  const int error = GENERATE(EMFILE, ENFILE, ENOBUFS, ENOMEM);
  scripted_accepts() = {error, error, error, error};
  const auto client = connect_to(loopback(listener.address()));
  const auto before = std::chrono::steady_clock::now();
  server.run_until([&] { return server.accepted.size() == 1; });
  // 5 + 10 + 20 + 40 ms, less what coarse timers may be early.
  CHECK(std::chrono::steady_clock::now() - before >= milliseconds(70));
  REQUIRE(server.pauses.size() == 2);
  CHECK(server.pauses.front() == std::generic_category().message(error));
  CHECK(server.pauses.back().empty());
  CHECK(accept_count <= 6);  // it did not spin
}

TEST_CASE("listener: with the descriptor limit reached it rests until there is one again") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  const auto client = connect_to(loopback(listener.address()));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = dup(client.get());
  close(next);
  const rlimit full{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &full) == 0);
  server.done = [&] { return !server.pauses.empty(); };
  server.loop.run();
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(server.pauses.size() == 1);
  CHECK(server.pauses.front() == "Too many open files");
  CHECK(server.accepted.empty());
  server.run_until([&] { return server.accepted.size() == 1; });
  CHECK(server.pauses.size() == 2);
}

TEST_CASE("listener: paused while it rests it stays quiet; resumed it tries at once") {
  Server server;
  auto& listener = server.listen(tcp_listen("127.0.0.1"));
  scripted_accepts() = {EMFILE};
  const auto client = connect_to(loopback(listener.address()));
  server.run_until([&] { return server.pauses.size() == 1; });
  listener.pause();
  ws::Timer later(server.loop, [&] { server.loop.stop(); });
  later.start(AcceptBackoff::kFirst * 4);
  server.loop.run();
  CHECK(server.accepted.empty());
  CHECK(accept_count == 1);
  listener.resume();
  server.run_until([&] { return server.accepted.size() == 1; });
}

TEST_CASE("listener: destroyed it no longer answers, and its Unix path is gone") {
  const TempDir directory;
  Server server;
  const auto address = server.listen(unix_listen(directory / "s")).address();
  CHECK(connect_unix(address));
  server.listener.reset();
  CHECK_FALSE(connect_unix(address));
  CHECK_FALSE(std::filesystem::exists(directory / "s"));
}

}  // namespace
}  // namespace wsbridged::test
