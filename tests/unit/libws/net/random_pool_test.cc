// SPDX-License-Identifier: MIT
// Every byte of the generator is handed out once, in order, whatever the sizes asked for.
#include "net/random_pool.h"

#include <array>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "support/catch.h"

using ws::net::RandomPool;

namespace {

// Counts up through all it is asked for, so that a byte given twice or left out shows.
struct Counter {
  bool operator()(std::span<std::byte> bytes) {
    ++calls;
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(next++ % 251);
    }
    return true;
  }

  std::size_t next = 0;
  int calls = 0;
};

}  // namespace

TEST_CASE("random pool: every byte of the generator is handed out once and in order",
          "[random_pool][RFC6455-5.3-key][CVE-mask-key]") {
  const std::size_t size = GENERATE(std::size_t{1}, 4U, 7U, 16U, 4095U, 4096U, 4097U, 10'000U);
  Counter counter;
  RandomPool pool([&counter](std::span<std::byte> bytes) { return counter(bytes); });
  std::size_t expected = 0;
  for (int call = 0; call < 50; ++call) {
    std::vector<std::byte> bytes(size);
    pool.fill(bytes);
    for (const std::byte byte : bytes) {
      if (byte != static_cast<std::byte>(expected++ % 251)) {
        FAIL("byte " << expected - 1 << " is not the generator's");
      }
    }
  }
}

TEST_CASE("random pool: the generator is asked once for 4 KiB", "[random_pool]") {
  Counter counter;
  RandomPool pool([&counter](std::span<std::byte> bytes) { return counter(bytes); });
  std::array<std::byte, 4> key{};
  for (std::size_t i = 0; i < RandomPool::kSize / key.size(); ++i) {
    pool.fill(key);
  }
  CHECK(counter.calls == 1);
  pool.fill(key);
  CHECK(counter.calls == 2);
}

TEST_CASE("random pool: what was handed out is wiped before the generator is asked again",
          "[random_pool]") {
  bool was_wiped = true;
  RandomPool pool([&was_wiped](std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) {
      was_wiped = was_wiped && byte == std::byte{0};
      byte = std::byte{0xA5};
    }
    return true;
  });
  std::vector<std::byte> bytes(RandomPool::kSize + 1);
  pool.fill(bytes);
  CHECK(was_wiped);
}

TEST_CASE("random pool: a generator that fails is an exception and never a predictable byte",
          "[random_pool][CVE-mask-key]") {
  RandomPool pool([](std::span<std::byte>) { return false; });
  std::array<std::byte, 4> key{};
  CHECK_THROWS_AS(pool.fill(key), std::runtime_error);
}

TEST_CASE("random pool: the system's bytes differ from call to call",
          "[random_pool][RFC6455-5.3-key][CVE-mask-key]") {
  RandomPool pool;
  std::array<std::byte, 32> first{};
  std::array<std::byte, 32> second{};
  pool.fill(first);
  pool.fill(second);
  CHECK(first != second);
}
