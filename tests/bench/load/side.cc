// SPDX-License-Identifier: MIT
#include "load/side.h"

#include <algorithm>

#include "load/connection.h"

namespace bench {

Side::Side(Loop& loop, Gauges& gauges, SideOptions options)
    : loop_(loop),
      gauges_(gauges),
      options_(std::move(options)),
      line_(line_of(options_.line_size)),
      stock_(options_.sends, options_.line_size) {
  loop_.on_wake([this] { obey(); });
}

Side::~Side() = default;

std::uint16_t Side::listen() {
  listener_ = listen_anywhere();
  port_ = port_of(listener_);
  loop_.watch(listener_.number(), *this, EPOLLIN);
  return port_;
}

void Side::on_ready() {
  for (Descriptor socket = accept_from(listener_); socket.is_open();
       socket = accept_from(listener_)) {
    add(std::move(socket));
  }
}

void Side::add(Descriptor socket) {
  connections_.push_back(std::make_unique<Connection>(*this, std::move(socket)));
  connections_.back()->start();
}

void Side::obey() {
  const Phase ordered = ordered_phase_;
  if (phase_ != ordered) {
    enter(ordered);
  }
  dial_more();
}

void Side::enter(Phase phase) {
  phase_ = phase;
  if (may_begin()) {
    checking_ = phase == Phase::kCounting ? Checking::kCount : Checking::kContents;
  }
  // By index: a connection that hangs up lets another one be made.
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connections_[i]->begin_phase();
  }
  obeyed_phase_ = phase;
}

// What counts as open is seen by the peer, behind the relay.
void Side::dial_more() {
  const auto& open = options_.has_peer ? gauges_.open_peer : gauges_.open_local;
  while (options_.position == Position::kLocal && dialled_ < ordered_ &&
         dialled_ < open + kMaxDials) {
    ++dialled_;
    add(dial(port_));
  }
}

void Side::on_opened(const Channel& channel) {
  (options_.position == Position::kLocal ? gauges_.open_local : gauges_.open_peer) += 1;
  gauges_.resumed += channel.was_resumed() ? 1 : 0;
}

void Side::on_sent(std::uint64_t count) {
  gauges_.sent.fetch_add(count, std::memory_order_relaxed);
}

void Side::on_received(std::uint64_t count) {
  if (options_.role == Role::kSink || options_.role == Role::kCaller) {
    gauges_.last_delivery.store(now(), std::memory_order_relaxed);
    gauges_.delivered.fetch_add(count, std::memory_order_release);
  }
}

void Side::on_answered(Nanoseconds round_trip) {
  if (phase_ == Phase::kCounting && round_trips_.size() < kMaxRoundTrips) {
    round_trips_.push_back(
        static_cast<std::uint32_t>(std::min<Nanoseconds>(round_trip, UINT32_MAX)));
  }
}

void Side::on_hung_up() {
  add(dial(port_));
}

void Side::on_failed(const std::string& what) {
  gauges_.fail((options_.position == Position::kLocal ? "local: " : "peer: ") + what);
}

}  // namespace bench
