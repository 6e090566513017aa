// SPDX-License-Identifier: MIT
// What an idle session takes of the heap, counted: a bound that a member too many breaks.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ws/net/stream.h>

#include "daemon/bridge.h"
#include "daemon/session.h"
#include "support/allocation_counter.h"
#include "support/catch.h"
#include "support/echo_server.h"
#include "support/run_until.h"
#include "unit/config/loading.h"

namespace wsbridged {
namespace {

// Everything that operator new gives for it: the session, its upstream's WebSocket and both
// streams, events and timers included. (What libevent's tables and malloc add is the same for
// each descriptor: some 150 bytes in all.)
constexpr std::ptrdiff_t kMostBytes = 2200;

// On a thread of its own, so that what it allocates is not counted here.
class EchoThread {
 public:
  EchoThread() : thread_([this] { run(); }) { url_ = url_promise_.get_future().get(); }

  ~EchoThread() {
    loop_->stop();
    thread_.join();
  }

  EchoThread(const EchoThread&) = delete;
  EchoThread& operator=(const EchoThread&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  void run() {
    ws::EventLoop loop;
    loop_ = &loop;
    const ws::test::EchoServer server(loop);
    url_promise_.set_value(server.url());
    loop.run();
  }

  ws::EventLoop* loop_ = nullptr;
  std::string url_;
  std::promise<std::string> url_promise_;
  std::thread thread_;
};

class Sessions {
 public:
  explicit Sessions(const std::string& url) {
    config::Loaded loaded =
        config::load("bridges: [{name: b, listen: unix:/b, upstream: {url: '" + url + "'}}]");
    REQUIRE(config::joined(loaded.errors).empty());
    auto bridge = Bridge::prepare(std::move(loaded.config.bridges.at(0)));
    REQUIRE(bridge);
    bridge_ = bridge.value();
    sessions_.reserve(1000);
    programs_.reserve(1000);
  }

  ~Sessions() {
    for (const auto& session : sessions_) {
      session->abort();
    }
    for (const int program : programs_) {
      close(program);
    }
  }

  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // Each sends a line and gets it back; then it is idle.
  void open(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      std::array<int, 2> ends{};
      REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
      programs_.push_back(ends[1]);
      sessions_.push_back(
          std::make_unique<Session>(environment_, SessionSlot(bridge_), sessions_.size() + 1,
                                    Session::Local{.stream = ws::net::adopt_socket(loop_, ends[0]),
                                                   .peer = {.is_unix = true, .uid = 1000}}));
      REQUIRE(write(ends[1], "hello\n", 6) == 6);
      std::array<char, 16> answer{};
      ssize_t size = 0;
      REQUIRE(ws::test::run_until(loop_, [&] {
        size = std::max(size, read(ends[1], answer.data(), answer.size()));
        return size == 6;
      }));
    }
  }

 private:
  ws::EventLoop loop_;
  Log log_{{.level = config::LogLevel::kError}, STDERR_FILENO};
  CookieProblems cookie_problems_{log_};
  BridgeTotals totals_;
  RecentErrors errors_;
  std::shared_ptr<Bridge> bridge_;
  const Session::Environment environment_{
      .loop = loop_,
      .log = log_,
      .jar = [](Bridge&, const TemplateValues&) { return nullptr; },
      .cookie_problems = cookie_problems_,
      .totals = totals_,
      .errors = errors_,
      .on_finished = [](Session&) {}};
  std::vector<int> programs_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

TEST_CASE("session: an idle one takes at most 2200 bytes", "[session][size]") {
  const EchoThread server;
  Sessions sessions(server.url());
  sessions.open(32);  // what is made once is there, and tables have grown
  const std::ptrdiff_t before = support::allocation_count().held;
  sessions.open(64);
  const std::ptrdiff_t bytes = (support::allocation_count().held - before) / 64;
  INFO("bytes for a session: " << bytes);
  CHECK(bytes <= kMostBytes);
  CHECK(bytes > 1000);  // it is counted at all
}

}  // namespace
}  // namespace wsbridged
