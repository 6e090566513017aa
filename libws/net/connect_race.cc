// SPDX-License-Identifier: MIT
// Runs the attempts that AttemptPacing asks for.
#include "net/connect_race.h"

#include <system_error>
#include <utility>

#include <ws/opening_details.h>

#include "net/loop_context.h"

namespace ws::net {

ConnectRace::ConnectRace(EventLoop& loop, const std::vector<Address>& addresses, Callback on_done)
    : loop_(loop),
      on_done_(std::move(on_done)),
      addresses_(interleave_families(addresses)),
      pacing_(addresses_.size()),
      stagger_(loop, [this] { start_due_attempts(); }) {
  start_due_attempts();
}

void ConnectRace::start_due_attempts() {
  const auto now = loop_.now();
  while (const auto index = pacing_.take_next(now)) {
    if (OpeningDetails* const details = loop_.context().opening_details()) {
      details->attempts.push_back({.address = to_string(addresses_[*index]), .failure = {}});
    }
    attempts_.push_back(std::make_unique<ConnectingSocket>(
        loop_, addresses_[*index],
        [this, index = *index](int error) { attempt_done(index, error); }));
  }
  if (const auto next = pacing_.next_start()) {
    stagger_.start(std::chrono::ceil<std::chrono::milliseconds>(*next - now));
  }
}

void ConnectRace::attempt_done(std::size_t index, int error) {
  if (error != 0) {
    attempt_failed(index, error);
    return;
  }
  note(index, 0);
  ConnectedSocket winner{.descriptor = attempts_[index]->take_descriptor(),
                         .address = addresses_[index]};
  finish(std::move(winner));
}

void ConnectRace::attempt_failed(std::size_t index, int error) {
  note(index, error);
  failures_.push_back({.address = addresses_[index], .error = error});
  attempts_[index].reset();
  pacing_.attempt_failed();
  if (pacing_.all_failed()) {
    finish(all_failed());
  } else {
    start_due_attempts();
  }
}

// In the details that somebody wants, one entry for each attempt.
void ConnectRace::note(std::size_t index, int error) {
  OpeningDetails* const details = loop_.context().opening_details();
  if (details == nullptr || index >= details->attempts.size()) {
    return;
  }
  details->attempts[index].is_connected = error == 0;
  details->attempts[index].failure = error == 0 ? "" : std::generic_category().message(error);
}

void ConnectRace::finish(Result<ConnectedSocket> result) {
  stagger_.stop();
  attempts_.clear();
  const Callback on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

std::string ConnectRace::reasons() const {
  std::string text;
  for (const Failure& failure : failures_) {
    text += text.empty() ? "" : "; ";
    text += to_string(failure.address) + ": ";
    text += std::generic_category().message(failure.error);
  }
  return text;
}

Error ConnectRace::all_failed() const {
  return Error{.phase = Phase::kConnect,
               .code = ErrorCode::kConnectFailed,
               .message = "connect to " + reasons(),
               .system_errno = failures_.front().error};
}

std::string ConnectRace::progress() const {
  std::string text = "connecting to ";
  const char* separator = "";
  for (const auto& attempt : attempts_) {
    if (attempt != nullptr) {
      text += separator + to_string(attempt->address());
      separator = ", ";
    }
  }
  return failures_.empty() ? text : text + " (" + reasons() + ")";
}

}  // namespace ws::net
