// SPDX-License-Identifier: MIT
// limits.memory by numbers: shares, who pauses, who resumes, and that nothing is stuck for ever.
#include "daemon/memory_watch.h"

#include <memory>

#include "support/catch.h"

using namespace wsbridged;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kKib = 1024;
constexpr std::size_t kMib = 1024 * kKib;

// A worker's part: one watch, its timer and the time.
struct Worker {
  explicit Worker(MemoryLimit& limit)
      : watch(limit, {.look_after = [this](milliseconds delay) { look_at = now + delay; },
                      .set_read_size = [this](std::size_t bytes) { read_size = bytes; },
                      .on_pressure = [this](MemoryWatch::Pressure p) { pressures.push_back(p); }}) {
  }

  // Lets the time pass, as the worker's timer would.
  void pass(milliseconds time) {
    const auto end = now + time;
    while (look_at && *look_at <= end) {
      now = std::max(now, *look_at);
      look_at.reset();
      ++looks;
      watch.look(now);
    }
    now = end;
  }

  MemoryWatch::TimePoint now{std::chrono::hours(1)};
  std::optional<MemoryWatch::TimePoint> look_at;
  std::size_t read_size = 0;
  std::vector<MemoryWatch::Pressure> pressures;
  int looks = 0;
  MemoryWatch watch;
};

// A session that reads `up` bytes at a time while it may.
struct Session final : MemoryHolder {
  explicit Session(Worker& worker) : account(&worker.watch, *this) {}

  [[nodiscard]] Holdings holdings() const override { return held; }

  void handle_memory_change() override { ++changes; }

  void hold(std::size_t up, std::size_t down = 0) {
    held.up.bytes = up;
    held.down.bytes = down;
    account.note();
  }

  [[nodiscard]] bool may_read_up() const { return account.may_read(Direction::kUp); }

  [[nodiscard]] bool may_read_down() const { return account.may_read(Direction::kDown); }

  Holdings held;
  int changes = 0;
  MemoryAccount account;
};

}  // namespace

TEST_CASE("memory watch: the largest pause, in the direction that fills them", "[memory_watch]") {
  MemoryLimit limit(4 * kMib);
  Worker worker(limit);
  Session large(worker);
  Session small(worker);
  small.hold(10 * kKib, 10 * kKib);
  large.hold(20 * kKib, 2000 * kKib);
  CHECK(large.may_read_down());
  large.hold(20 * kKib, 2040 * kKib);
  CHECK_FALSE(large.may_read_down());
  CHECK(large.may_read_up());
  CHECK(small.may_read_up());
  CHECK(small.may_read_down());
  CHECK(worker.pressures == std::vector{MemoryWatch::Pressure::kBegins});
  CHECK(worker.read_size < 64 * kKib);
}

TEST_CASE("memory watch: resumed clearly below, without being told of the draining",
          "[memory_watch]") {
  MemoryLimit limit(4 * kMib);
  Worker worker(limit);
  Session session(worker);
  session.hold(2200 * kKib);
  REQUIRE_FALSE(session.may_read_up());
  session.held.up.bytes = 1600 * kKib;  // a share is 2944 KiB now
  worker.pass(MemoryWatch::kPausedInterval);
  CHECK_FALSE(session.may_read_up());
  CHECK(session.changes == 0);
  session.held.up.bytes = 1500 * kKib;
  worker.pass(MemoryWatch::kPausedInterval);
  CHECK(session.may_read_up());
  CHECK(session.changes == 1);
  CHECK(worker.pressures ==
        std::vector{MemoryWatch::Pressure::kBegins, MemoryWatch::Pressure::kEnds});
}

TEST_CASE("memory watch: many full ones share it, and a small one always goes on",
          "[memory_watch]") {
  MemoryLimit limit(16 * kMib);
  Worker worker(limit);
  std::vector<std::unique_ptr<Session>> full;
  for (int i = 0; i < 2'000; ++i) {
    full.push_back(std::make_unique<Session>(worker));
  }
  for (int round = 0; round < 100; ++round) {  // each would hold 512 KiB both ways
    for (const auto& session : full) {
      const Holdings& held = session->held;
      const std::size_t up = session->may_read_up() ? worker.read_size : 0;
      session->hold(std::min(512 * kKib, held.up.bytes + up), held.down.bytes);
      const std::size_t down = session->may_read_down() ? worker.read_size : 0;
      session->hold(held.up.bytes, std::min(512 * kKib, held.down.bytes + down));
    }
    worker.pass(milliseconds(50));
  }
  // 4,000 directions at their least, beyond the limit.
  CHECK(limit.peak() <= 16 * kMib + 4'000 * MemoryLimit::kReadAboveLimit);
  Session small(worker);
  for (int round = 0; round < 100; ++round) {
    small.hold(worker.read_size, worker.read_size);
    CHECK_FALSE(small.may_read_up());
    small.held = {};  // flushed when the turn ended
    worker.pass(milliseconds(0));
    CHECK(small.may_read_up());
    CHECK(small.may_read_down());
  }
  full.resize(full.size() / 4);
  CHECK(limit.held() < 16 * kMib);
  small.hold(100, 4 * kKib);
  CHECK(small.may_read_up());
  CHECK(small.may_read_down());
  full.clear();
  CHECK(limit.held() == 4 * kKib + 100);
}

TEST_CASE("memory watch: full sessions stay below the limit when it has room for their shares",
          "[memory_watch]") {
  MemoryLimit limit(64 * kMib);
  Worker worker(limit);
  worker.read_size = MemoryLimit::kLargestRead;
  std::vector<std::unique_ptr<Session>> full;
  for (int i = 0; i < 2'000; ++i) {
    full.push_back(std::make_unique<Session>(worker));
  }
  for (int round = 0; round < 50; ++round) {
    for (const auto& session : full) {
      if (session->may_read_up()) {
        session->hold(session->held.up.bytes + worker.read_size);
      }
    }
    worker.pass(milliseconds(50));
  }
  CHECK(limit.peak() <= 64 * kMib);
  CHECK(limit.peak() > 32 * kMib);
}

TEST_CASE("memory watch: who drains makes room for others, on other workers too",
          "[memory_watch]") {
  MemoryLimit limit(kMib);
  Worker first(limit);
  Worker second(limit);
  Session holder(first);
  Session waiting(second);
  holder.hold(kMib - 20 * kKib);
  waiting.hold(20 * kKib);
  REQUIRE_FALSE(waiting.may_read_up());
  holder.held.up.bytes = 0;
  first.pass(MemoryWatch::kCalmInterval);
  CHECK(first.watch.holder_count() == 0);
  second.pass(MemoryWatch::kPausedInterval);
  CHECK(waiting.may_read_up());
}

TEST_CASE("memory watch: what is unfinished passes, one at a time", "[memory_watch]") {
  MemoryLimit limit(kMib);
  Worker worker(limit);
  Session other(worker);
  other.hold(kMib);
  std::vector<std::unique_ptr<Session>> unfinished;
  for (int i = 0; i < 3; ++i) {
    unfinished.push_back(std::make_unique<Session>(worker));
    unfinished.back()->held.down = {.bytes = 100 * kKib, .unfinished = 100 * kKib};
    unfinished.back()->account.note();
  }
  const auto passing = [&] {
    std::size_t found = unfinished.size();
    int count = 0;
    for (std::size_t i = 0; i < unfinished.size(); ++i) {
      if (unfinished[i]->may_read_down()) {
        found = i;
        ++count;
      }
    }
    CHECK(count <= 1);
    return found;
  };
  CHECK(passing() == unfinished.size());
  worker.pass(MemoryWatch::kPausedInterval * 2);
  const std::size_t first = passing();
  REQUIRE(first < unfinished.size());

  SECTION("until it is complete") {
    for (int i = 0; i < 100; ++i) {  // longer than the patience, as it moves
      unfinished[first]->held.down.bytes += kKib;
      unfinished[first]->held.down.unfinished += kKib;
      worker.pass(MemoryWatch::kPausedInterval);
      CHECK(passing() == first);
    }
    unfinished[first]->held.down = {.bytes = 200 * kKib, .unfinished = 0};
    worker.pass(MemoryWatch::kPausedInterval * 2);
    CHECK(passing() != first);
    CHECK(passing() < unfinished.size());
  }
  SECTION("or for as long as something comes") {
    worker.pass(MemoryWatch::kPassingPatience + MemoryWatch::kPausedInterval * 2);
    const std::size_t second = passing();
    CHECK(second != first);
    worker.pass(MemoryWatch::kPassingPatience + MemoryWatch::kPausedInterval * 2);
    CHECK(passing() != first);
    CHECK(passing() != second);
    CHECK(passing() < unfinished.size());
  }
  SECTION("or until it is gone") {
    unfinished.erase(unfinished.begin() + static_cast<std::ptrdiff_t>(first));
    worker.pass(MemoryWatch::kPausedInterval * 2);
    CHECK(passing() < unfinished.size());
  }
}

TEST_CASE("memory watch: what a turn brings and sends is forgotten, and then nothing is looked at",
          "[memory_watch]") {
  MemoryLimit limit(kMib);
  Worker worker(limit);
  Session session(worker);
  session.hold(64 * kKib);
  CHECK(limit.held() == 64 * kKib);
  session.held = {};  // flushed when the turn ended
  worker.pass(MemoryWatch::kFreshInterval);
  CHECK(limit.held() == 0);
  CHECK(worker.looks == 1);
  worker.pass(std::chrono::hours(1));
  CHECK(worker.looks == 1);
}

TEST_CASE("memory watch: a session that ends gives back all it held", "[memory_watch]") {
  MemoryLimit limit(kMib);
  Worker worker(limit);
  {
    Session paused(worker);
    paused.hold(2 * kMib);
    REQUIRE_FALSE(paused.may_read_up());
    Session noted(worker);
    noted.hold(kKib);
  }
  CHECK(limit.held() == 0);
  CHECK(worker.watch.holder_count() == 0);
  CHECK(worker.pressures.back() == MemoryWatch::Pressure::kEnds);
  worker.pass(std::chrono::hours(1));
  CHECK(worker.looks <= 2);
}

TEST_CASE("memory watch: without a watch there is no limit", "[memory_watch]") {
  struct Nobody final : MemoryHolder {
    [[nodiscard]] Holdings holdings() const override {
      FAIL("asked");
      return {};
    }

    void handle_memory_change() override {}
  } nobody;

  MemoryAccount account(nullptr, nobody);
  account.note();
  CHECK(account.may_read(Direction::kUp));
}
