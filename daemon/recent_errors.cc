// SPDX-License-Identifier: MIT
#include "daemon/recent_errors.h"

#include <algorithm>
#include <utility>

#include "daemon/log_format.h"

namespace wsbridged {

namespace {

void cut(std::string& text, std::size_t size) {
  if (text.size() > size) {
    text.resize(size);
    text += "...";
  }
}

}  // namespace

void RecentErrors::add(RecentError error) {
  cut(error.cause, kMaxText);
  cut(error.advice, kMaxText);
  error.cause = escape_control(error.cause);
  error.peer_text = std::get<std::string>(Field::peer_text("", error.peer_text).value);
  const std::lock_guard lock(mutex_);
  const auto same = std::find_if(errors_.begin(), errors_.end(), [&error](const RecentError& e) {
    return e.bridge == error.bridge && e.cause == error.cause && e.advice == error.advice;
  });
  if (same != errors_.end()) {
    error.count += same->count;
    errors_.erase(same);
  }
  errors_.push_front(std::move(error));
  if (errors_.size() > kMax) {
    errors_.pop_back();
  }
}

std::vector<RecentError> RecentErrors::list() const {
  const std::lock_guard lock(mutex_);
  return {errors_.begin(), errors_.end()};
}

}  // namespace wsbridged
