// SPDX-License-Identifier: MIT
#include "net/resolver.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace ws {
namespace {

using Addresses = std::vector<net::Address>;
using Outcome = Result<Addresses>;

// A look-up that hangs until it is told to go on. Shared with threads that outlive the test.
class Gate {
 public:
  void wait(const std::string& host) {
    std::unique_lock lock(mutex_);
    hosts_.push_back(host);
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
    ++left_;
    changed_.notify_all();
  }

  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

  void wait_for_arrivals(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return hosts_.size() >= count; });
  }

  void wait_for_departures(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return left_ >= count; });
  }

  [[nodiscard]] std::vector<std::string> hosts() {
    const std::lock_guard lock(mutex_);
    return hosts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> hosts_;
  std::size_t left_ = 0;
  bool is_open_ = false;
};

Outcome loopback(std::uint16_t port) {
  return Addresses{net::parse_address_literal("127.0.0.1", port).value()};
}

Resolver::Lookup gated(const std::shared_ptr<Gate>& gate) {
  return [gate](const std::string& host, std::uint16_t port) {
    gate->wait(host);
    return loopback(port);
  };
}

// Requests of one loop and what became of them.
struct Asker {
  void ask(Resolver& resolver, const std::string& host, std::uint16_t port = 80) {
    const std::size_t index = outcomes.size();
    outcomes.emplace_back();
    requests.push_back(resolver.resolve(loop, host, port, [this, index](Outcome outcome) {
      outcomes[index] = std::move(outcome);
    }));
  }

  [[nodiscard]] const Error& error(std::size_t index) const { return outcomes[index]->error(); }

  EventLoop loop;
  std::vector<std::optional<Outcome>> outcomes;
  std::vector<std::unique_ptr<Resolver::Request>> requests;
};

}  // namespace

TEST_CASE("resolver: a look-up keeps the loop running and is answered in a later turn") {
  Resolver resolver([](const std::string&, std::uint16_t port) { return loopback(port); });
  Asker asker;
  asker.ask(resolver, "example.test", 8080);
  CHECK_FALSE(asker.outcomes[0]);
  asker.loop.run();
  REQUIRE(asker.outcomes[0]);
  CHECK(net::to_string(asker.outcomes[0]->value().at(0)) == "127.0.0.1:8080");
}

TEST_CASE("resolver: the error of a look-up reaches its asker") {
  Resolver resolver([](const std::string& host, std::uint16_t) -> Outcome {
    return Error{.phase = Phase::kResolve,
                 .code = ErrorCode::kResolveFailed,
                 .message = "resolve " + host + ": no such thing"};
  });
  Asker asker;
  asker.ask(resolver, "example.test");
  asker.loop.run();
  CHECK(asker.error(0).message == "resolve example.test: no such thing");
}

TEST_CASE("resolver: a look-up that throws is an error that names the host") {
  Resolver resolver(
      [](const std::string&, std::uint16_t) -> Outcome { throw std::runtime_error("broken"); });
  Asker asker;
  asker.ask(resolver, "example.test");
  asker.loop.run();
  CHECK(asker.error(0).code == ErrorCode::kResolveFailed);
  CHECK(asker.error(0).message == "resolve example.test: broken");
}

TEST_CASE("resolver: equal names under way share one look-up, other ports do not") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  asker.ask(resolver, "same.test");
  gate->wait_for_arrivals(1);
  asker.ask(resolver, "same.test");
  asker.ask(resolver, "same.test", 81);
  gate->wait_for_arrivals(2);
  gate->open();
  asker.loop.run();
  CHECK(gate->hosts().size() == 2);
  for (const auto& outcome : asker.outcomes) {
    REQUIRE(outcome);
    CHECK(*outcome);
  }
}

TEST_CASE("resolver: four names are looked up at a time, the others wait their turn") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  for (int i = 0; i < 6; ++i) {
    asker.ask(resolver, std::to_string(i) + ".test");
  }
  gate->wait_for_arrivals(Resolver::kThreads);
  CHECK(gate->hosts().size() == Resolver::kThreads);
  gate->open();
  asker.loop.run();
  CHECK(gate->hosts().size() == 6);
}

TEST_CASE("resolver: one name more than the limit fails at once and says why") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  for (std::size_t i = 0; i < Resolver::kMaxNames; ++i) {
    asker.ask(resolver, std::to_string(i) + ".test");
  }
  asker.ask(resolver, "0.test");  // known, so it needs no room
  asker.ask(resolver, "late.test");
  asker.loop.post([&] {
    CHECK_FALSE(asker.outcomes[Resolver::kMaxNames]);
    gate->open();
  });
  asker.loop.run();
  CHECK(asker.outcomes[Resolver::kMaxNames]->value().size() == 1);
  CHECK(asker.error(Resolver::kMaxNames + 1).phase == Phase::kResolve);
  CHECK(asker.error(Resolver::kMaxNames + 1).message ==
        "resolve late.test: 256 other names are waiting to be resolved");
}

TEST_CASE("resolver: a cancelled name leaves the queue and makes room") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  for (std::size_t i = 0; i < Resolver::kMaxNames; ++i) {
    asker.ask(resolver, std::to_string(i) + ".test");
  }
  gate->wait_for_arrivals(Resolver::kThreads);
  asker.requests.pop_back();
  asker.ask(resolver, "late.test");
  gate->open();
  asker.loop.run();
  CHECK_FALSE(asker.outcomes[Resolver::kMaxNames - 1]);
  CHECK(asker.outcomes[Resolver::kMaxNames]->value().size() == 1);
  CHECK(gate->hosts().size() == Resolver::kMaxNames);
}

TEST_CASE("resolver: a request destroyed while it is looked up is not answered") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  asker.ask(resolver, "gone.test");
  asker.ask(resolver, "stays.test");
  gate->wait_for_arrivals(2);
  asker.requests[0].reset();
  gate->open();
  asker.loop.run();
  CHECK_FALSE(asker.outcomes[0]);
  CHECK(asker.outcomes[1]);
}

TEST_CASE("resolver: a request destroyed after its answer was posted is not answered") {
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(gated(gate));
  Asker asker;
  asker.ask(resolver, "gone.test");
  gate->open();
  gate->wait_for_departures(1);
  asker.requests.clear();
  asker.loop.run();
  CHECK_FALSE(asker.outcomes[0]);
}

TEST_CASE("resolver: a callback may destroy its request") {
  Resolver resolver([](const std::string&, std::uint16_t port) { return loopback(port); });
  EventLoop loop;
  std::unique_ptr<Resolver::Request> request;
  bool called = false;
  request = resolver.resolve(loop, "example.test", 80, [&](const Outcome&) {
    request.reset();
    called = true;
  });
  loop.run();
  CHECK(called);
}

TEST_CASE("resolver: what a callback throws leaves run()") {
  Resolver resolver([](const std::string&, std::uint16_t port) { return loopback(port); });
  EventLoop loop;
  const auto request = resolver.resolve(loop, "example.test", 80,
                                        [](const Outcome&) { throw std::runtime_error("thrown"); });
  CHECK_THROWS_WITH(loop.run(), "thrown");
}

TEST_CASE("resolver: its destruction does not wait for a look-up that hangs") {
  const auto gate = std::make_shared<Gate>();
  {
    Asker asker;
    {
      Resolver resolver(gated(gate));
      asker.ask(resolver, "hangs.test");
      gate->wait_for_arrivals(1);
    }
    CHECK_FALSE(asker.outcomes[0]);
  }
  gate->open();
  gate->wait_for_departures(1);
}

TEST_CASE("resolver: a request outlives its resolver and is still answered") {
  const auto gate = std::make_shared<Gate>();
  Asker asker;
  {
    Resolver resolver(gated(gate));
    for (int i = 0; i < 5; ++i) {  // the last one is still queued
      asker.ask(resolver, std::to_string(i) + ".test");
    }
  }
  gate->open();
  asker.loop.run();
  for (const auto& outcome : asker.outcomes) {
    CHECK(outcome);
  }
}

TEST_CASE("resolver: loops on several threads share it") {
  const auto resolver = make_resolver();
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Asker asker;
      asker.ask(*resolver, "localhost");
      asker.ask(*resolver, "127.0.0.1");
      asker.loop.run();
      answered += asker.outcomes[0] && *asker.outcomes[0] && asker.outcomes[1] ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(answered == 4);
}

TEST_CASE("look-up: localhost is a loopback address (RFC 6761 6.3)") {
  const auto addresses = net::look_up("localhost", 7001);
  REQUIRE(addresses);
  const std::string text = net::to_string(addresses.value().at(0));
  CHECK((text == "127.0.0.1:7001" || text == "[::1]:7001"));
}

TEST_CASE("look-up: a name that cannot exist fails with its name and the reason in words") {
  // Longer than a label may be (RFC 1035 2.3.4), so no server is asked.
  const std::string host = std::string(64, 'a') + ".invalid";
  const auto addresses = net::look_up(host, 80);
  REQUIRE_FALSE(addresses);
  CHECK(addresses.error().phase == Phase::kResolve);
  CHECK(addresses.error().code == ErrorCode::kResolveFailed);
  CHECK_THAT(addresses.error().message, StartsWith("resolve " + host + ": "));
  CHECK(addresses.error().message.size() > host.size() + 12);
}

TEST_CASE("address literal: spelled addresses are known without a look-up, names are not") {
  CHECK(net::to_string(net::parse_address_literal("192.0.2.1", 443).value()) == "192.0.2.1:443");
  CHECK(net::to_string(net::parse_address_literal("2001:DB8::1", 443).value()) ==
        "[2001:db8::1]:443");
  CHECK_FALSE(net::parse_address_literal("localhost", 443));
  CHECK_FALSE(net::parse_address_literal("192.0.2.1.", 443));
  CHECK_FALSE(net::parse_address_literal("127.1", 443));
  CHECK_FALSE(net::parse_address_literal("", 443));
}

}  // namespace ws
