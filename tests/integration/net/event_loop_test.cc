// SPDX-License-Identifier: MIT
// The loop, on its own event_base and on a borrowed one: posts, stop, exceptions, turns.
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <event2/event.h>

#include <ws/event_loop.h>

#include "net/event_handle.h"
#include "net/loop_context.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using ws::EventLoop;
using ws::Timer;
using ws::net::Flushable;

namespace {

// A loop of either kind.
struct AnyLoop {
  explicit AnyLoop(bool borrows) {
    if (borrows) {
      base.reset(event_base_new());
      loop = std::make_unique<EventLoop>(base.get());
    } else {
      loop = std::make_unique<EventLoop>();
    }
  }

  ws::net::EventBaseHandle base;
  std::unique_ptr<EventLoop> loop;
};

class Flush final : public Flushable {
 public:
  explicit Flush(std::function<void()> action) : action_(std::move(action)) {}

  void flush() override { action_(); }

 private:
  std::function<void()> action_;
};

// Several file events that become ready in one turn.
struct ReadyPipes {
  explicit ReadyPipes(event_base* base, std::function<void(int)> on_ready)
      : callback(std::move(on_ready)) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      REQUIRE(pipe(pipes[i].data()) == 0);
      REQUIRE(write(pipes[i][1], "x", 1) == 1);
      arguments[i] = {this, static_cast<int>(i)};
      events[i] = ws::net::make_event(
          base, pipes[i][0], EV_READ,
          [](evutil_socket_t, short, void* argument) {
            const auto& [self, index] = *static_cast<std::pair<ReadyPipes*, int>*>(argument);
            self->callback(index);
          },
          &arguments[i]);
      event_add(events[i].get(), nullptr);
    }
  }

  ~ReadyPipes() {
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].reset();
      close(pipes[i][0]);
      close(pipes[i][1]);
    }
  }

  ReadyPipes(const ReadyPipes&) = delete;
  ReadyPipes& operator=(const ReadyPipes&) = delete;

  std::function<void(int)> callback;
  std::array<std::array<int, 2>, 3> pipes{};
  std::array<std::pair<ReadyPipes*, int>, 3> arguments{};
  std::array<ws::net::EventHandle, 3> events;
};

}  // namespace

TEST_CASE("event loop: run returns at once when there is nothing to wait for", "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  any.loop->run();
  any.loop->run();
}

TEST_CASE("event loop: what was posted before run is called in order, though nothing else waits",
          "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  std::string order;
  any.loop->post([&] {
    order += "a";
    any.loop->post([&] { order += "c"; });
  });
  any.loop->post([&] { order += "b"; });
  CHECK(order.empty());
  any.loop->run();
  CHECK(order == "abc");
}

TEST_CASE("event loop: a post from a task comes in a later turn", "[event_loop]") {
  EventLoop loop;
  std::string order;
  Flush end_of_turn([&] { order += "|"; });
  loop.post([&] {
    loop.post([&] { order += "b"; });
    loop.context().flush_at_end_of_turn(end_of_turn);
    order += "a";
  });
  loop.run();
  CHECK(order == "a|b");
}

TEST_CASE("event loop: stop before run makes the next run return at once, and only that one",
          "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  bool called = false;
  any.loop->post([&] { called = true; });
  any.loop->stop();
  any.loop->run();
  CHECK_FALSE(called);
  any.loop->run();
  CHECK(called);
}

TEST_CASE("event loop: stop from a callback lets the turn end, flushes included", "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  EventLoop& loop = *any.loop;
  bool flushed = false;
  bool fired_late = false;
  Flush flush([&] { flushed = true; });
  Timer late(loop, [&] { fired_late = true; });
  late.start(1h);
  loop.post([&] {
    loop.stop();
    loop.context().flush_at_end_of_turn(flush);
  });
  loop.run();
  CHECK(flushed);
  CHECK_FALSE(fired_late);
}

TEST_CASE("event loop: stop and posts from another thread wake a waiting loop", "[event_loop]") {
  EventLoop loop;
  Timer keeps_it_waiting(loop, [] {});
  keeps_it_waiting.start(1h);
  int calls = 0;  // of this thread only: the tasks run here
  std::thread other([&loop, &calls] {
    for (int i = 0; i < 1000; ++i) {
      loop.post([&calls] { ++calls; });
    }
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  CHECK(calls == 1000);
  std::thread stopper([&loop] { loop.stop(); });
  loop.run();
  stopper.join();
}

TEST_CASE("event loop: run throws what a callback threw, and runs on when called again",
          "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  EventLoop& loop = *any.loop;
  std::string order;
  loop.post([&] { order += "a"; });
  loop.post([] { throw std::runtime_error("first"); });
  loop.post([&] { order += "b"; });
  CHECK_THROWS_WITH(loop.run(), "first");
  CHECK(order == "a");
  loop.run();
  CHECK(order == "ab");
}

TEST_CASE("event loop: of two exceptions in a turn the first one is thrown", "[event_loop]") {
  EventLoop loop;
  Flush first([] { throw std::runtime_error("first"); });
  Flush second([] { throw std::runtime_error("second"); });
  loop.context().flush_at_end_of_turn(first);
  loop.context().flush_at_end_of_turn(second);
  CHECK_THROWS_WITH(loop.run(), "first");
  loop.run();
}

TEST_CASE("event loop: on a borrowed base an exception breaks the caller's loop and is kept",
          "[event_loop]") {
  const AnyLoop any(true);
  any.loop->post([] { throw std::runtime_error("kept"); });
  Timer never(*any.loop, [] { FAIL("the loop was not left"); });
  never.start(1h);
  event_base_dispatch(any.base.get());
  CHECK_THROWS_WITH(any.loop->rethrow_pending(), "kept");
  any.loop->rethrow_pending();  // once
}

TEST_CASE("event loop: tasks that wait when the loop goes are dropped", "[event_loop]") {
  const auto witness = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.post([witness] { ++*witness; });
  }
  CHECK(*witness == 0);
  CHECK(witness.use_count() == 1);
}

TEST_CASE("event loop: a flush comes after all callbacks of its turn, once an item",
          "[event_loop]") {
  const AnyLoop any(GENERATE(false, true));
  EventLoop& loop = *any.loop;
  std::string order;
  Flush flush([&] { order += "F"; });
  const ReadyPipes pipes(loop.base(), [&](int) {
    order += "r";
    loop.context().flush_at_end_of_turn(flush);
  });
  loop.run();
  CHECK(order == "rrrF");
}

TEST_CASE("event loop: an item that a flush adds is flushed in a later turn", "[event_loop]") {
  EventLoop loop;
  std::string order;
  Flush second([&] { order += "2"; });
  Flush first([&] {
    order += "1";
    loop.context().flush_at_end_of_turn(second);
    loop.post([&] { order += "turn"; });
  });
  loop.context().flush_at_end_of_turn(first);
  loop.run();
  CHECK((order == "1turn2" || order == "12turn"));
}

TEST_CASE("event loop: two items that keep adding each other do not starve the others",
          "[event_loop]") {
  EventLoop loop;
  int rounds = 0;
  bool served = false;
  Flush* other = nullptr;
  Flush again([&] {
    ++rounds;
    if (!served) {
      loop.context().flush_at_end_of_turn(*other);
    }
  });
  Flush back([&] { loop.context().flush_at_end_of_turn(again); });
  other = &back;
  loop.context().flush_at_end_of_turn(again);
  const ReadyPipes pipes(loop.base(), [&](int) { served = true; });
  loop.run();
  CHECK(served);
  CHECK(rounds < 10);
}

TEST_CASE("event loop: an item destroyed before the end of the turn is not flushed",
          "[event_loop]") {
  EventLoop loop;
  auto victim = std::make_unique<Flush>([] { FAIL("flushed after its end"); });
  Flush killer([&] { victim.reset(); });
  loop.context().flush_at_end_of_turn(killer);
  loop.context().flush_at_end_of_turn(*victim);
  loop.run();
  CHECK(victim == nullptr);
}

TEST_CASE("event loop: now stands still within a callback and never goes back", "[event_loop]") {
  EventLoop loop;
  const auto before = EventLoop::Clock::now();
  loop.post([&] {
    const auto first = loop.now();
    while (EventLoop::Clock::now() < first + 1ms) {
    }
    CHECK(loop.now() == first);
    CHECK(first >= before);
  });
  loop.run();
  CHECK(loop.now() > before);
}

TEST_CASE("event loop: the receive buffer is one, of 256 KiB", "[event_loop]") {
  EventLoop loop;
  const auto buffer = loop.context().receive_buffer();
  CHECK(buffer.size() == 262'144);
  CHECK(loop.context().receive_buffer().data() == buffer.data());
}

TEST_CASE("event loop: what the loop owns goes when disowned, or with the loop", "[event_loop]") {
  struct Item final : ws::net::OwnedByLoop {
    explicit Item(std::shared_ptr<int> shared) : witness(std::move(shared)) {}

    std::shared_ptr<int> witness;
  };

  const auto witness = std::make_shared<int>(0);
  {
    EventLoop loop;
    auto item = std::make_unique<Item>(witness);
    const Item& first = *item;
    loop.context().own(std::move(item));
    loop.context().own(std::make_unique<Item>(witness));
    CHECK(witness.use_count() == 3);
    loop.context().disown(first);
    CHECK(witness.use_count() == 2);
    CHECK(loop.context().owned_count() == 1);
  }
  CHECK(witness.use_count() == 1);
}
