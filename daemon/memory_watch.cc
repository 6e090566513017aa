// SPDX-License-Identifier: MIT
#include "daemon/memory_watch.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

MemoryAccount::~MemoryAccount() {
  if (watch_ != nullptr) {
    watch_->forget(*this);
  }
}

void MemoryAccount::note() {
  if (watch_ != nullptr) {
    watch_->note(*this);
  }
}

void MemoryWatch::note(MemoryAccount& account) {
  refresh(account);
  judge(account);
  update_read_size();
  if (!std::exchange(account.is_fresh_, true)) {
    fresh_.push_back(&account);
    if (fresh_.size() == 1) {
      hooks_.look_after(limit_.is_scarce() ? Milliseconds(0) : kFreshInterval);
    }
  }
}

void MemoryWatch::refresh(MemoryAccount& account) {
  const Holdings now = account.holder_->holdings();
  auto& [up, down] = account.sides_;
  limit_.change(up.held.bytes + down.held.bytes, now.up.bytes + now.down.bytes);
  up.held = now.up;
  down.held = now.down;
}

void MemoryWatch::place(MemoryAccount& account) {
  account.place_ = holders_.size();
  holders_.push_back(&account);
}

void MemoryWatch::displace(MemoryAccount& account) {
  holders_[*account.place_] = holders_.back();
  holders_[*account.place_]->place_ = account.place_;
  holders_.pop_back();
  account.place_.reset();
}

void MemoryWatch::forget(MemoryAccount& account) {
  const auto& [up, down] = account.sides_;
  limit_.change(up.held.bytes + down.held.bytes, 0);
  count_paused(account.is_paused(), false);
  if (passing_.account == &account) {
    passing_.account = nullptr;
  }
  if (account.place_) {
    displace(account);
  }
  if (account.is_fresh_) {
    std::erase(fresh_, &account);
  }
  update_read_size();
}

bool MemoryWatch::judge(MemoryAccount& account) {
  const bool was_paused = account.is_paused();
  const bool has_up_changed = judge(account, Direction::kUp);
  const bool has_down_changed = judge(account, Direction::kDown);
  count_paused(was_paused, account.is_paused());
  return has_up_changed || has_down_changed;
}

bool MemoryWatch::judge(MemoryAccount& account, Direction direction) {
  MemoryAccount::Side& side = account.sides_[static_cast<std::size_t>(direction)];
  const bool passes = passing_.account == &account && passing_.direction == direction;
  const std::size_t share = limit_.share();
  // Resumed clearly below, so that it does not go to and fro with every read.
  const bool shall_pause = !passes && side.held.bytes > (side.is_paused ? share / 2 : share);
  return std::exchange(side.is_paused, shall_pause) != shall_pause;
}

void MemoryWatch::count_paused(bool before, bool after) {
  if (before == after) {
    return;
  }
  paused_count_ += after ? std::size_t{1} : SIZE_MAX;
  if (after && paused_count_ == 1) {
    hooks_.on_pressure(Pressure::kBegins);
  } else if (paused_count_ == 0) {
    hooks_.on_pressure(Pressure::kEnds);
  }
}

void MemoryWatch::look(TimePoint now) {
  look_at_fresh();
  if (look_at_all_at_ && now >= *look_at_all_at_) {
    look_at_all(now);
  }
  update_read_size();
  if (holders_.empty()) {
    look_at_all_at_.reset();
    return;
  }
  const TimePoint next = now + (paused_count_ > 0 ? kPausedInterval : kCalmInterval);
  look_at_all_at_ = std::min(look_at_all_at_.value_or(next), next);
  hooks_.look_after(std::chrono::ceil<Milliseconds>(*look_at_all_at_ - now));
}

void MemoryWatch::look_at_fresh() {
  const std::vector<MemoryAccount*> fresh = std::exchange(fresh_, {});
  for (MemoryAccount* const account : fresh) {
    account->is_fresh_ = false;
    refresh(*account);
  }
  for (MemoryAccount* const account : fresh) {
    settle(*account);
  }
}

void MemoryWatch::look_at_all(TimePoint now) {
  look_at_all_at_.reset();
  const std::vector<MemoryAccount*> all = holders_;
  for (MemoryAccount* const account : all) {
    refresh(*account);
  }
  check_passing(now);
  for (MemoryAccount* const account : all) {
    settle(*account);
  }
}

// After refresh(): tells the session what has changed for it, and keeps in mind who holds
// something.
void MemoryWatch::settle(MemoryAccount& account) {
  if (judge(account)) {
    account.holder_->handle_memory_change();
  }
  const auto& [up, down] = account.sides_;
  const bool is_holder = up.held.bytes + down.held.bytes > 0;
  if (is_holder && !account.place_) {
    place(account);
  } else if (!is_holder && account.place_) {
    displace(account);
  }
}

void MemoryWatch::check_passing(TimePoint now) {
  if (passing_.account != nullptr) {
    const auto& side = passing_.account->sides_[static_cast<std::size_t>(passing_.direction)];
    const bool is_moving = side.held.unfinished > passing_.unfinished;
    const bool is_complete = side.held.unfinished < passing_.unfinished;
    if (is_moving) {
      passing_.unfinished = side.held.unfinished;
      passing_.moved_at = now;
    } else if (is_complete || now - passing_.moved_at >= kPassingPatience) {
      passing_.account = nullptr;
    }
  }
  if (passing_.account == nullptr && paused_count_ > 0) {
    choose_passing(now);
  }
}

// Those that were chosen before come last.
void MemoryWatch::choose_passing(TimePoint now) {
  for (std::size_t i = 0; i < holders_.size(); ++i) {
    const std::size_t index = (next_to_pass_ + i) % holders_.size();
    MemoryAccount& account = *holders_[index];
    for (const Direction direction : {Direction::kUp, Direction::kDown}) {
      const auto& side = account.sides_[static_cast<std::size_t>(direction)];
      if (side.is_paused && is_stuck(side)) {
        passing_ = {&account, direction, side.held.unfinished, now};
        next_to_pass_ = index + 1;
        return;
      }
    }
  }
}

// Would it stay paused when all that can drain has drained?
bool MemoryWatch::is_stuck(const MemoryAccount::Side& side) const {
  const std::size_t enough = limit_.share() / 2;
  return side.held.unfinished > enough && side.held.bytes - side.held.unfinished <= enough;
}

void MemoryWatch::update_read_size() {
  const std::size_t size = limit_.read_size();
  if (size != read_size_) {
    read_size_ = size;
    hooks_.set_read_size(size);
  }
}

}  // namespace wsbridged
