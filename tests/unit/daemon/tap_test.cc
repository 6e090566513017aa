// SPDX-License-Identifier: MIT
#include "daemon/tap.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("tap: lines wait as records and are announced once", "[tap]") {
  int announced = 0;
  Tap tap(Tap::kMaxLine, [&announced] { ++announced; });
  tap.tell_line(Direction::kUp, "hello");
  tap.tell_line(Direction::kDown, "a\xff\"b");
  CHECK(announced == 1);
  const std::string records = tap.take();
  CHECK_THAT(records, ContainsSubstring(R"("direction":"up","line":"hello","size":5)"));
  CHECK_THAT(records, ContainsSubstring("\"line\":\"a\xef\xbf\xbd\\\"b\",\"size\":4"));
  CHECK(tap.take().empty());
  tap.tell_line(Direction::kUp, "");
  CHECK(announced == 2);
}

TEST_CASE("tap: a line is cut to the width, its size is told", "[tap]") {
  Tap tap(3, [] {});
  tap.tell_line(Direction::kUp, "hello");
  CHECK_THAT(tap.take(), ContainsSubstring(R"("line":"hel","size":5)"));
}

TEST_CASE("tap: what a slow watcher leaves is bounded, and the rest counted", "[tap]") {
  Tap tap(Tap::kMaxLine, [] {});
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    tap.tell_line(Direction::kUp, line);
  }
  const std::string records = tap.take();
  CHECK(records.size() < Tap::kMaxWaiting + 100);
  CHECK(records.size() > Tap::kMaxWaiting - 2000);
  const auto kept = static_cast<int>(std::count(records.begin(), records.end(), '\n')) - 1;
  CHECK_THAT(records,
             ContainsSubstring("{\"dropped_lines\":" + std::to_string(1000 - kept) + "}\n"));
  tap.tell_line(Direction::kUp, "again");
  CHECK_THAT(tap.take(), ContainsSubstring("again"));
}

TEST_CASE("tap: the end is the last record, also behind a full queue", "[tap]") {
  int announced = 0;
  Tap tap(Tap::kMaxLine, [&announced] { ++announced; });
  CHECK(tap.is_watched());
  while (announced == 0 || tap.take().find("dropped") == std::string::npos) {
    for (int i = 0; i < 500; ++i) {
      tap.tell_line(Direction::kUp, std::string(1000, 'x'));
    }
  }
  CHECK_FALSE(tap.has_ended());
  tap.tell_end("local end");
  tap.tell_line(Direction::kUp, "late");
  tap.tell_end("again");
  CHECK(tap.has_ended());
  CHECK(tap.take() == "{\"end\":\"local end\"}\n");
  tap.leave();
  CHECK_FALSE(tap.is_watched());
}

}  // namespace
}  // namespace wsbridged
