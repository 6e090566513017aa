// SPDX-License-Identifier: MIT
#include "daemon/replay_queue.h"

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"

using ws::MessageType;
using wsbridged::ReplayQueue;

namespace {

// Everything that a new connection has to send, which is then sent.
std::vector<std::string> replay(ReplayQueue& queue) {
  std::vector<std::string> lines;
  queue.rewind();
  while (const auto line = queue.unsent()) {
    lines.emplace_back(line->data);
    queue.advance();
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("replay queue: lines are sent again in order until they are confirmed", "[replay]") {
  ReplayQueue queue(4096);
  CHECK(queue.empty());
  queue.push_sent(MessageType::kText, "one");
  queue.push_sent(MessageType::kText, "");
  const ReplayQueue::Mark mark = queue.sent();
  queue.push_sent(MessageType::kBinary, std::string_view("\0\xff", 2));
  CHECK(replay(queue) == Lines{"one", "", std::string("\0\xff", 2)});
  queue.confirm(mark);
  queue.rewind();
  CHECK(queue.unsent()->type == MessageType::kBinary);
  CHECK(replay(queue) == Lines{std::string("\0\xff", 2)});
  CHECK(queue.line_count() == 1);
  CHECK(queue.line_bytes() == 2);
  queue.confirm(queue.sent());
  CHECK(queue.empty());
  CHECK(queue.allocated() == 0);
}

TEST_CASE("replay queue: each line counts its bytes and the overhead", "[replay]") {
  ReplayQueue queue(100);
  CHECK(queue.room() == 100);
  queue.push_sent(MessageType::kText, std::string(84, 'x'));
  CHECK(queue.size() == 84 + ReplayQueue::kLineOverhead);
  CHECK(queue.room() == 0);
  queue.push_sent(MessageType::kText, "more than it has room for is taken all the same");
  CHECK(queue.room() == 0);
  CHECK(queue.line_count() == 2);
  queue.confirm(queue.sent());
  CHECK(queue.room() == 100);
}

TEST_CASE("replay queue: only what this connection has sent can be confirmed", "[replay]") {
  ReplayQueue queue(4096);
  for (const char* const line : {"a", "b", "c"}) {
    queue.push_sent(MessageType::kText, line);
  }
  queue.rewind();
  CHECK(queue.sent_size() == 0);
  queue.advance();
  CHECK(queue.sent_size() == 1 + ReplayQueue::kLineOverhead);
  queue.confirm(queue.sent());
  CHECK(replay(queue) == Lines{"b", "c"});
}

TEST_CASE("replay queue: memory is never more than what the lines count", "[replay]") {
  constexpr std::size_t kLimit = 64 << 10;
  const std::size_t size = GENERATE(as<std::size_t>{}, 0, 1, 100, 5000);
  ReplayQueue queue(kLimit);
  for (int round = 0; round < 5; ++round) {
    while (queue.room() >= size + ReplayQueue::kLineOverhead) {
      queue.push_sent(MessageType::kText, std::string(size, 'x'));
    }
    CHECK(queue.allocated() <= kLimit);
    const std::size_t lines = queue.line_count();
    queue.rewind();
    for (std::size_t i = 0; i < lines / 2; ++i) {
      queue.advance();
    }
    queue.confirm(queue.sent());
    CHECK(replay(queue).size() == lines - lines / 2);
  }
}

TEST_CASE("replay queue: random lines, confirmations and losses keep every line", "[replay]") {
  const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U);
  std::mt19937 random(seed);
  const auto below = [&random](unsigned end) {
    return std::uniform_int_distribution<unsigned>(0, end - 1)(random);
  };
  ReplayQueue queue(3000);
  std::deque<std::string> model;  // unconfirmed
  ReplayQueue::Mark mark;
  std::size_t marked = 0;  // of the model's lines
  for (unsigned step = 0; step < 20'000; ++step) {
    const unsigned choice = below(100);
    if (choice < 80 && queue.room() > 0) {
      std::string line(below(4) == 0 ? below(700) : below(30), static_cast<char>('a' + step % 26));
      queue.push_sent(below(2) == 0 ? MessageType::kText : MessageType::kBinary, line);
      model.push_back(std::move(line));
    } else if (choice < 90) {
      mark = queue.sent();
      marked = model.size();
    } else if (choice < 98 && marked > 0) {
      queue.confirm(mark);
      model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(marked));
      marked = 0;
    } else {
      const std::vector<std::string> lines = replay(queue);
      REQUIRE(std::equal(lines.begin(), lines.end(), model.begin(), model.end()));
    }
    REQUIRE(queue.line_count() == model.size());
  }
}
