// SPDX-License-Identifier: MIT
// The two waits of the keepalive and its counter.
#include "protocol/keepalive.h"

#include <algorithm>
#include <cstring>

#include "protocol/byte_order.h"

namespace ws::protocol {
namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24) * 36'500;

}  // namespace

std::chrono::milliseconds clamp_wait(std::chrono::milliseconds wait) {
  return std::clamp(wait, std::chrono::milliseconds(0), kLongest);
}

Keepalive::Keepalive(std::chrono::milliseconds interval, std::chrono::milliseconds timeout,
                     TimePoint now)
    : interval_(clamp_wait(interval)), timeout_(clamp_wait(timeout)), last_received_(now) {}

void Keepalive::restart(TimePoint now) {
  last_received_ = now;
  wait_start_ = now;
  is_measuring_ = false;  // the pong may have waited unread
}

std::optional<TimePoint> Keepalive::deadline() const {
  if (interval_.count() == 0) {
    return std::nullopt;
  }
  if (is_giving_up()) {
    return wait_start_ + timeout_;
  }
  return (is_waiting_ ? wait_start_ : last_received_) + interval_;
}

Keepalive::Action Keepalive::action_at(TimePoint now) const {
  const auto due = deadline();
  if (!due || now < *due) {
    return Action::kNone;
  }
  return is_giving_up() ? Action::kGiveUp : Action::kPing;
}

Keepalive::Payload Keepalive::start_ping(TimePoint now, RandomSource& random) {
  Payload payload{};
  if (ping_count_ == 0) {
    random.fill(payload);
    first_counter_ = load_be64(payload.data());
  }
  store_be64(payload.data(), first_counter_ + ping_count_);
  ++ping_count_;
  wait_start_ = now;
  ping_sent_ = now;
  is_waiting_ = true;
  is_measuring_ = true;
  return payload;
}

void Keepalive::wait_again(TimePoint now) {
  wait_start_ = now;
  is_waiting_ = true;
}

Keepalive::Pong Keepalive::take_pong(std::string_view payload, TimePoint now) {
  Payload bytes{};
  if (payload.size() != bytes.size()) {
    return Pong::kOther;
  }
  std::memcpy(bytes.data(), payload.data(), bytes.size());
  const std::uint64_t index = load_be64(bytes.data()) - first_counter_;
  if (index >= ping_count_) {
    return Pong::kOther;
  }
  if (!is_measuring_ || index != ping_count_ - 1) {
    return Pong::kLate;
  }
  round_trip_ = std::chrono::duration_cast<std::chrono::microseconds>(now - ping_sent_);
  is_measuring_ = false;
  return Pong::kMeasured;
}

}  // namespace ws::protocol
