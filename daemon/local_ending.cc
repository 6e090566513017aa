// SPDX-License-Identifier: MIT
#include "daemon/local_ending.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

namespace {

using std::chrono::milliseconds;

// How often the program's progress is looked at; nothing tells when its kernel has taken the bytes.
constexpr milliseconds kTakenInterval{10};
constexpr milliseconds kProgressInterval{1'000};

}  // namespace

LocalEnding::LocalEnding(ws::EventLoop& loop, Connection connection, LocalEnd end,
                         LocalEndLimits limits, Callback on_ended)
    : loop_(loop),
      connection_(std::move(connection)),
      end_(connection_.is_unix ? LocalEnd::kFin : end),
      limits_(limits),
      on_ended_(std::move(on_ended)),
      timer_(loop, [this] { tick(); }),
      waiting_bytes_(connection_.stream->output().size()),
      deadline_(loop.now() + limits.stall) {
  ws::net::Stream& stream = *connection_.stream;
  stream.set_handler(this);
  stream.set_high_water(0);
  if (!connection_.is_at_eof) {
    stream.resume_reading();
  }
  if (stream.output().empty()) {
    timer_.start(milliseconds(0));
    return;
  }
  stream.notify_when_sent();
  stream.flush_soon();
  timer_.start(std::min(kProgressInterval, limits_.stall));
}

LocalEnding::~LocalEnding() = default;

std::size_t LocalEnding::unsent_bytes() const {
  return result_.unsent_bytes + (connection_.stream ? connection_.stream->output().size() : 0);
}

LocalEndResult LocalEnding::result() const {
  return {.unsent_bytes = unsent_bytes(), .discarded_bytes = result_.discarded_bytes};
}

void LocalEnding::on_data(std::span<std::byte> bytes) {
  result_.discarded_bytes += bytes.size();
}

void LocalEnding::on_eof(ws::net::Eof /*eof*/) {
  connection_.is_at_eof = true;
  if (phase_ == Phase::kLingering) {
    finish();
  }
}

void LocalEnding::on_hang_up() {
  // Input that still waits is read first, and its end comes as on_eof; behind that nobody is left.
  if (connection_.is_at_eof) {
    finish();
  }
}

void LocalEnding::on_sent() {
  if (phase_ == Phase::kWriting) {
    after_writing();
  }
}

// See Session::on_failure().
void LocalEnding::on_failure(const ws::Error& /*error*/) {
  count_unread();
  if (!connection_.is_unix) {
    connection_.stream->abort();
  }
  finish();
}

void LocalEnding::tick() {
  switch (phase_) {
    case Phase::kWriting:
      check_progress();
      break;
    case Phase::kLingering:
      finish();
      break;
    case Phase::kTaking:
      check_taken();
      break;
    case Phase::kEnded:
      break;
  }
}

void LocalEnding::check_progress() {
  const std::size_t waiting = connection_.stream->output().size();
  if (waiting == 0) {
    after_writing();
    return;
  }
  if (waiting != waiting_bytes_) {
    waiting_bytes_ = waiting;
    deadline_ = loop_.now() + limits_.stall;
  } else if (loop_.now() >= deadline_) {
    reset();
    return;
  }
  timer_.start(std::min(kProgressInterval, limits_.stall));
}

void LocalEnding::after_writing() {
  deadline_ = loop_.now() + limits_.linger;
  if (end_ == LocalEnd::kReset) {
    phase_ = Phase::kTaking;
    check_taken();
    return;
  }
  phase_ = Phase::kLingering;
  connection_.stream->shutdown_write();
  timer_.start(connection_.is_at_eof ? milliseconds(0) : limits_.linger);
}

void LocalEnding::check_taken() {
  if (connection_.stream->unacknowledged() == 0 || loop_.now() >= deadline_) {
    reset();
    return;
  }
  timer_.start(kTakenInterval);
}

// Destroys what the program's kernel has not taken.
void LocalEnding::reset() {
  if (!connection_.is_unix) {  // whose kernel tells the memory it takes, not the bytes
    result_.unsent_bytes += connection_.stream->unacknowledged();
  }
  count_unread();
  connection_.stream->abort();
  finish();
}

void LocalEnding::count_unread() {
  result_.discarded_bytes += connection_.stream->unread();
}

void LocalEnding::finish() {
  count_unread();
  result_.unsent_bytes += connection_.stream->output().size();
  phase_ = Phase::kEnded;
  timer_.stop();
  connection_.stream.reset();
  const Callback ended = std::move(on_ended_);  // it may destroy this
  ended(result_);
}

}  // namespace wsbridged
