// SPDX-License-Identifier: MIT
// What the test that started the process wants to fail: a table in a file that both have mapped
// (tests/e2e/kit/faults.py writes it, FAULTS_CONTROL names it). It may change at any time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace faults {

// Whose descriptor a call is about; a test chooses by these bits.
enum Kind : std::uint32_t {
  kLocalTcp = 1,   // accepted
  kLocalUnix = 2,  // accepted
  kMade = 4,       // by socket(): upstreams, and listeners
  kFile = 8,
  kLog = 16,    // stdout and stderr
  kOther = 32,  // eventfds, pipes
  kNone = 64,   // the call has no descriptor
};

enum class Mode : std::int32_t {
  kOff = 0,
  kError = 1,  // `value` is the errno, or what the call returns instead of one
  kShort = 2,  // at most `value` bytes are read or written
  kShift = 3,  // of the clock: `value` seconds are added
};

// One row, as in faults.py. Written by the test but for `calls`, `hits` and `is_known`.
struct Row {
  char name[24];
  std::atomic<std::uint32_t> kinds;
  std::atomic<Mode> mode;
  std::atomic<std::int64_t> value;
  std::atomic<std::int64_t> skip;   // so many calls are let through first
  std::atomic<std::int64_t> every;  // then each so manyth is hit
  std::atomic<std::int64_t> left;   // so often; negative: until told otherwise
  std::atomic<std::int64_t> calls;
  std::atomic<std::int64_t> hits;
  std::atomic<std::int64_t> is_known;  // there is such a call here
  std::atomic<std::int64_t> least;     // of allocations: smaller ones are let through
};

static_assert(sizeof(Row) == 96 && sizeof(std::atomic<std::int64_t>) == 8);

constexpr std::size_t kRows = 80;

// The row of a call; nullptr when no test asks about it. Allocates nothing.
[[nodiscard]] Row* find_row(std::string_view name);

// Counts a call, and says whether this one is to be hit.
[[nodiscard]] bool is_hit(Row* row, std::uint32_t kind);

}  // namespace faults
