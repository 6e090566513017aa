// SPDX-License-Identifier: MIT
#include "daemon/tap.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("tap: lines wait as records and are announced once", "[tap]") {
  int announced = 0;
  Tap tap(Tap::kMaxLine, [&announced] { ++announced; });
  tap.tell_line(Direction::kUp, "hello");
  tap.tell_line(Direction::kDown, "a\xff\"b");
  CHECK(announced == 1);
  const std::string records = tap.take().records;
  CHECK_THAT(records, ContainsSubstring(R"("direction":"up","line":"hello","size":5)"));
  CHECK_THAT(records, ContainsSubstring("\"line\":\"a\xef\xbf\xbd\\\"b\",\"size\":4"));
  CHECK(tap.take().records.empty());
  tap.tell_line(Direction::kUp, "");
  CHECK(announced == 2);
}

TEST_CASE("tap: a line is cut to the width, its size is told", "[tap]") {
  Tap tap(3, [] {});
  tap.tell_line(Direction::kUp, "hello");
  CHECK_THAT(tap.take().records, ContainsSubstring(R"("line":"hel","size":5)"));
}

TEST_CASE("tap: what a slow watcher leaves is bounded, and the rest counted", "[tap]") {
  Tap tap(Tap::kMaxLine, [] {});
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    tap.tell_line(Direction::kUp, line);
  }
  const std::string records = tap.take().records;
  CHECK(records.size() < Tap::kMaxWaiting + 100);
  CHECK(records.size() > Tap::kMaxWaiting - 2000);
  const auto kept = static_cast<int>(std::count(records.begin(), records.end(), '\n')) - 1;
  CHECK_THAT(records,
             ContainsSubstring("{\"dropped_lines\":" + std::to_string(1000 - kept) + "}\n"));
  tap.tell_line(Direction::kUp, "again");
  CHECK_THAT(tap.take().records, ContainsSubstring("again"));
}

TEST_CASE("tap: the end is the last record, also behind a full queue", "[tap]") {
  int announced = 0;
  Tap tap(Tap::kMaxLine, [&announced] { ++announced; });
  CHECK(tap.is_watched());
  while (announced == 0 || tap.take().records.find("dropped") == std::string::npos) {
    for (int i = 0; i < 500; ++i) {
      tap.tell_line(Direction::kUp, std::string(1000, 'x'));
    }
  }
  CHECK_FALSE(tap.take().has_ended);
  tap.tell_end("local end");
  tap.tell_line(Direction::kUp, "late");
  tap.tell_end("again");
  const Tap::Taken last = tap.take();
  CHECK(last.has_ended);
  CHECK(last.records == "{\"end\":\"local end\"}\n");
  tap.leave();
  CHECK_FALSE(tap.is_watched());
}

// Not a std::counting_semaphore: GCC 12's may sleep on when it was released.
class Announcements {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    has_more_.notify_one();
  }

  // False when none came for too long.
  bool take() {
    std::unique_lock lock(mutex_);
    const bool is_there =
        has_more_.wait_for(lock, std::chrono::seconds(20), [this] { return count_ > 0; });
    count_ -= is_there ? 1 : 0;
    return is_there;
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_more_;
  int count_ = 0;
};

// Each round ends at another moment of the watcher's take(), which only an announcement calls for.
TEST_CASE("tap: a watcher that comes when he is told to always sees the end", "[tap]") {
  for (int round = 0; round < 2000; ++round) {
    Announcements announced;
    Tap tap(Tap::kMaxLine, [&announced] { announced.add(); });
    std::thread session([&tap] {
      tap.tell_line(Direction::kUp, "hello");
      tap.tell_end("local end");
    });
    bool has_ended = false;
    while (!has_ended && announced.take()) {
      has_ended = tap.take().has_ended;
    }
    session.join();
    REQUIRE(has_ended);
  }
}

}  // namespace
}  // namespace wsbridged
