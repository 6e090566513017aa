// SPDX-License-Identifier: MIT
#include "daemon/tap.h"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace wsbridged {

namespace {

using nlohmann::json;

// Bytes that are no UTF-8 become U+FFFD: dump() would throw at them.
std::string record_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

double unix_time() {
  using std::chrono::duration;
  return duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Tap::Tap(std::size_t width, std::function<void()> on_ready)
    : width_(std::min(width, kMaxLine)), on_ready_(std::move(on_ready)) {}

void Tap::tell_line(Direction direction, std::string_view line) {
  append(record_of(json{{"time", unix_time()},
                        {"direction", to_string(direction)},
                        {"size", line.size()},
                        {"line", line.substr(0, width_)}}));
}

void Tap::append(std::string record) {
  const std::lock_guard lock(mutex_);
  if (has_ended_) {
    return;
  }
  if (waiting_.size() + record.size() > kMaxWaiting) {
    ++dropped_lines_;
    return;
  }
  waiting_ += record;
  if (!std::exchange(is_announced_, true)) {
    on_ready_();
  }
}

void Tap::tell_end(std::string_view cause) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(has_ended_, true)) {
    return;
  }
  if (dropped_lines_ > 0) {
    waiting_ += record_of(json{{"dropped_lines", std::exchange(dropped_lines_, 0)}});
  }
  waiting_ += record_of(json{{"end", cause}});
  if (!std::exchange(is_announced_, true)) {
    on_ready_();
  }
}

Tap::Taken Tap::take() {
  const std::lock_guard lock(mutex_);
  is_announced_ = false;
  Taken taken{.records = std::exchange(waiting_, {}), .has_ended = has_ended_};
  if (dropped_lines_ > 0) {
    taken.records += record_of(json{{"dropped_lines", std::exchange(dropped_lines_, 0)}});
  }
  return taken;
}

void Tap::leave() {
  is_watched_.store(false, std::memory_order_relaxed);
}

}  // namespace wsbridged
