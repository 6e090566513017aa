// SPDX-License-Identifier: MIT
// Which address to connect to next, and when (RFC 8305 sections 4 and 5), without sockets or
// clocks. The order within a family is the resolver's (RFC 6724).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "net/resolver.h"

namespace ws::net {

// The Connection Attempt Delay of RFC 8305 section 5.
inline constexpr std::chrono::milliseconds kConnectionAttemptDelay{250};

// At most so many addresses of a name are tried; a deadline of ten seconds reaches forty at best.
inline constexpr std::size_t kMaxConnectAddresses = 32;

// The families by turns, beginning with the first address's; the order within each is kept. At most
// kMaxConnectAddresses are returned.
[[nodiscard]] std::vector<Address> interleave_families(const std::vector<Address>& addresses);

// The pace of a race between `count` addresses, in their order.
class AttemptPacing {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit AttemptPacing(std::size_t count) : count_(count) {}

  // The index of the attempt to start now; nullopt: none is due. Ask again until it is.
  [[nodiscard]] std::optional<std::size_t> take_next(TimePoint now);
  // One of the started attempts has failed: the next one is due at once.
  void attempt_failed();

  // When take_next() has something again, unless an attempt fails earlier; nullopt: never.
  [[nodiscard]] std::optional<TimePoint> next_start() const;

  [[nodiscard]] bool all_failed() const { return failed_ == count_; }

 private:
  std::size_t count_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
  TimePoint due_ = TimePoint::min();
};

}  // namespace ws::net
