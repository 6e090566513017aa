// SPDX-License-Identifier: MIT
// ByteQueue against a plain string, at the edges of its segments, and what memory it holds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ws/byte_queue.h>

#include "support/catch.h"

namespace {

using ws::ByteQueue;

constexpr std::size_t kSmallest = 4096;
constexpr std::size_t kLargest = 65536;
constexpr std::size_t kOverhead = 64;  // of a segment, at most

std::string text_of(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  std::transform(bytes.begin(), bytes.end(), text.begin(),
                 [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

std::string content(const ByteQueue& queue) {
  std::vector<std::span<const std::byte>> runs(1000);
  const std::size_t count = queue.gather(runs);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    CHECK_FALSE(runs[i].empty());
    text += text_of(runs[i]);
  }
  return text;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('!' + i % 89);
  }
  return text;
}

void fill(std::span<std::byte> bytes, char c) {
  std::fill(bytes.begin(), bytes.end(), static_cast<std::byte>(c));
}

TEST_CASE("byte queue: a new one is empty and owns nothing", "[byte_queue]") {
  const ByteQueue queue;
  std::array<std::span<const std::byte>, 2> runs;
  CHECK(queue.empty());
  CHECK(queue.size() == 0);
  CHECK(queue.front().empty());
  CHECK(queue.gather(runs) == 0);
  CHECK(queue.allocated() == 0);
}

TEST_CASE("byte queue: bytes leave in the order they came", "[byte_queue]") {
  ByteQueue queue;
  queue.append("hello ");
  queue.append("world");
  CHECK(queue.size() == 11);
  CHECK(text_of(queue.front()) == "hello world");
  queue.consume(6);
  CHECK(text_of(queue.front()) == "world");
  queue.append("!");
  CHECK(content(queue) == "world!");
}

TEST_CASE("byte queue: only the committed part of a reservation counts", "[byte_queue]") {
  ByteQueue queue;
  fill(queue.reserve(10), 'a');
  CHECK(queue.empty());
  CHECK(queue.front().empty());
  queue.commit(4);
  CHECK(content(queue) == "aaaa");
  fill(queue.reserve(3), 'b');
  queue.commit(0);
  CHECK(content(queue) == "aaaa");
}

TEST_CASE("byte queue: an empty append and an empty reservation change nothing", "[byte_queue]") {
  ByteQueue queue;
  queue.append(std::string_view{});
  CHECK(queue.reserve(0).empty());
  queue.commit(0);
  queue.consume(0);
  CHECK(queue.allocated() == 0);
  queue.append("x");
  queue.append(std::string_view{});
  CHECK(content(queue) == "x");
}

TEST_CASE("byte queue: an unused reservation leaves no hole, however often it grows",
          "[byte_queue]") {
  ByteQueue queue;
  queue.append(pattern(kSmallest));
  for (std::size_t size = 1; size <= 1 << 20; size *= 2) {
    CHECK(queue.reserve(size).size() == size);
    CHECK(content(queue) == pattern(kSmallest));
  }
  CHECK(queue.allocated() < kSmallest + (1 << 20) + 2 * kOverhead);
  queue.append("tail");
  CHECK(content(queue) == pattern(kSmallest) + "tail");
  queue.consume(kSmallest);
  CHECK(text_of(queue.front()) == "tail");
}

TEST_CASE("byte queue: an unused reservation of an empty queue is given back", "[byte_queue]") {
  ByteQueue queue;
  CHECK(queue.reserve(100).size() == 100);
  queue.commit(0);
  CHECK(queue.allocated() == 0);
  CHECK(queue.reserve(100).size() == 100);
  CHECK(queue.reserve(kLargest).size() == kLargest);
  CHECK(queue.allocated() <= kLargest + kOverhead);
  queue.clear();
  CHECK(queue.allocated() == 0);
}

TEST_CASE("byte queue: segments double from 4 KiB to 64 KiB while it is not empty",
          "[byte_queue]") {
  ByteQueue queue;
  std::vector<std::size_t> grown;
  std::size_t before = 0;
  for (int i = 0; i < 8000; ++i) {
    queue.append("0123456789abcdef0123456789abcdef");
    if (queue.allocated() != before) {
      grown.push_back((queue.allocated() - before) / 1024);
      before = queue.allocated();
    }
  }
  CHECK(grown == std::vector<std::size_t>{4, 8, 16, 32, 64, 64, 64});
}

TEST_CASE("byte queue: a reservation beyond 64 KiB is contiguous and takes no more than it asks",
          "[byte_queue]") {
  ByteQueue queue;
  fill(queue.reserve(kLargest + 1), 'z');
  queue.commit(kLargest + 1);
  CHECK(queue.front().size() == kLargest + 1);
  CHECK(queue.allocated() <= kLargest + 1 + kOverhead);
  queue.append("next");
  CHECK(queue.allocated() <= 2 * kLargest + 1 + 2 * kOverhead);
  CHECK(content(queue) == std::string(kLargest + 1, 'z') + "next");
}

TEST_CASE("byte queue: an append larger than the room fills the segment first", "[byte_queue]") {
  ByteQueue queue;
  const std::string text = pattern(kSmallest + 1);
  queue.append(std::string_view(text).substr(0, 10));
  queue.append(std::string_view(text).substr(10));
  CHECK(queue.front().size() == kSmallest);
  CHECK(content(queue) == text);
}

TEST_CASE("byte queue: memory is given back segment by segment, all of it when it is empty",
          "[byte_queue]") {
  ByteQueue queue;
  for (int i = 0; i < 100; ++i) {
    queue.append(pattern(1000));
  }
  std::size_t before = queue.allocated();
  queue.consume(kSmallest);
  CHECK(queue.allocated() < before);
  before = queue.allocated();
  queue.consume(50'000);
  CHECK(queue.allocated() < before);
  queue.consume(queue.size());
  CHECK(queue.empty());
  CHECK(queue.allocated() == 0);
  CHECK(queue.front().empty());
}

TEST_CASE("byte queue: gather stops at the spans it is given", "[byte_queue]") {
  ByteQueue queue;
  const std::string text = pattern(200'000);
  for (std::size_t at = 0; at < text.size(); at += 1000) {
    queue.append(std::string_view(text).substr(at, 1000));
  }
  std::array<std::span<const std::byte>, 2> runs;
  CHECK(queue.gather(runs) == 2);
  CHECK(text_of(runs[0]) + text_of(runs[1]) == text.substr(0, kSmallest * 3));
  CHECK(queue.gather({}) == 0);
}

// What a moved-from queue is like is the subject here.
// NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
TEST_CASE("byte queue: moving takes everything and leaves an empty queue", "[byte_queue]") {
  ByteQueue source;
  source.append(pattern(10'000));
  ByteQueue taken(std::move(source));
  CHECK(source.empty());
  CHECK(source.allocated() == 0);
  source.append("again");
  CHECK(content(source) == "again");

  taken = std::move(source);
  CHECK(content(taken) == "again");
  CHECK(source.allocated() == 0);
  ByteQueue& same = taken;
  taken = std::move(same);
  CHECK(content(taken) == "again");
}

// NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)

// One step of the random walk below: `dice` chooses what happens, both sides must agree after it.
void step(ByteQueue& queue, std::string& model, std::uint64_t dice) {
  const std::size_t size = (dice >> 8) % ((dice & 1) != 0 ? 90 : 9000);
  const std::string text = pattern(size);
  switch ((dice >> 4) % 4) {
    case 0:
      queue.append(text);
      model += text;
      break;
    case 1: {
      const auto space = queue.reserve(size + 7);
      std::transform(text.begin(), text.end(), space.begin(),
                     [](char c) { return static_cast<std::byte>(c); });
      queue.commit(size);
      model += text;
      break;
    }
    default: {
      const std::size_t sent = std::min(size, model.size());
      queue.consume(sent);
      model.erase(0, sent);
    }
  }
}

TEST_CASE("byte queue: any sequence of calls keeps what a string would keep", "[byte_queue]") {
  ByteQueue queue;
  std::string model;
  std::uint64_t dice = 1;
  for (int i = 0; i < 20'000; ++i) {
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    step(queue, model, dice >> 20);
    if (queue.size() != model.size() || (i % 64 == 0 && content(queue) != model)) {
      FAIL("differs after step " << i);
    }
    if (queue.empty() && queue.allocated() != 0) {
      FAIL("memory kept by an empty queue after step " << i);
    }
  }
}

}  // namespace
