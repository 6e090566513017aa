// SPDX-License-Identifier: MIT
#include "daemon/cookie_writer.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <utility>

#include "daemon/file_keeper.h"

namespace wsbridged {

std::optional<ws::Error> check_storable(const ws::CookieJar& jar, const std::string& path) {
  std::optional<ws::Error> error;
  change_files_in(real_directory_of(path), [&] { error = jar.check_storable(); });
  return error;
}

CookieWriter::CookieWriter(Log& log) : log_(log) {}

CookieWriter::~CookieWriter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    stopping_since_ = Clock::now();
  }
  has_work_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  run();  // what is left when there never was a thread
}

void CookieWriter::write(ws::CookieWrite write) {
  const std::string path = write.path;
  bool is_overflow = false;
  bool has_thread = false;
  {
    const std::lock_guard lock(mutex_);
    Waiting& waiting = waiting_[path];
    waiting.cookie_count += write.cookies.size();
    waiting.writes.push_back(std::move(write));
    waiting.due = {};
    is_overflow = make_room(waiting);
    has_thread = thread_.joinable();
  }
  has_work_.notify_one();
  if (is_overflow) {
    log_.warn("cookies not stored, too many are waiting for the disk: the oldest are left out",
              {{"cookie_jar", path}});
  }
  if (!has_thread) {
    try {
      start_thread();
    } catch (const std::system_error& error) {
      tell(path, std::string("cannot start a thread: ") + error.what());
    }
  }
}

void CookieWriter::start_thread() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

bool CookieWriter::make_room(Waiting& waiting) {
  bool has_dropped = false;
  while (waiting.cookie_count > kMaxWaiting && waiting.writes.size() > 1) {
    const ws::CookieWrite& oldest = waiting.writes.front();
    *oldest.is_done = true;
    waiting.cookie_count -= oldest.cookies.size();
    waiting.writes.pop_front();
    has_dropped = true;
  }
  return has_dropped && !std::exchange(waiting.is_overflow_told, true);
}

// Returns when it is to stop and nothing is left.
void CookieWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_work(lock);
    const auto found = next_due();
    if (found == waiting_.end()) {
      return;
    }
    auto next = waiting_.extract(found);
    const auto most = lock_wait();
    lock.unlock();
    const bool is_written = write_all(next.key(), next.mapped(), most);
    lock.lock();
    if (!is_written && !is_stopping_) {
      keep(next.key(), std::move(next.mapped()));
      continue;
    }
    for (const ws::CookieWrite& write : next.mapped().writes) {
      *write.is_done = true;
    }
    if (!is_written) {
      give_up(next.key(), next.mapped());
    }
  }
}

// At the stop all are due.
CookieWriter::WaitingFiles::iterator CookieWriter::next_due() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& entry) {
    return is_stopping_ || entry.second.due <= Clock::now();
  });
}

void CookieWriter::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (!is_stopping_ && next_due() == waiting_.end()) {
    const auto soonest =
        std::min_element(waiting_.begin(), waiting_.end(),
                         [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (soonest == waiting_.end()) {
      has_work_.wait(lock);
    } else {
      has_work_.wait_until(lock, Clock::time_point(soonest->second.due));
    }
  }
}

// Before those that came meanwhile, which are then tried at once.
void CookieWriter::keep(const std::string& path, Waiting failed) {
  const auto [entry, is_alone] = waiting_.try_emplace(path);
  Waiting& waiting = entry->second;
  if (is_alone) {
    waiting.due = Clock::now() + kRetryInterval;
  }
  waiting.writes.insert(waiting.writes.begin(), std::make_move_iterator(failed.writes.begin()),
                        std::make_move_iterator(failed.writes.end()));
  waiting.cookie_count += failed.cookie_count;
  waiting.is_overflow_told |= failed.is_overflow_told;
  if (make_room(waiting)) {
    log_.warn("cookies not stored, too many are waiting for the disk: the oldest are left out",
              {{"cookie_jar", path}});
  }
}

void CookieWriter::give_up(const std::string& path, const Waiting& failed) {
  log_.warn("cookies that could not be stored are lost with the stop",
            {{"cookie_jar", path}, {"cookie_count", std::uint64_t{failed.cookie_count}}});
}

std::chrono::milliseconds CookieWriter::lock_wait() const {
  using std::chrono::milliseconds;
  const auto waited = is_stopping_ ? Clock::now() - stopping_since_ : Clock::duration{};
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(kMaxLockWait - waited));
}

bool CookieWriter::write_all(const std::string& path, const Waiting& waiting,
                             std::chrono::milliseconds lock_wait) {
  ws::CookieWrite all{.path = path, .cookies = {}, .now = waiting.writes.back().now, .is_done = {}};
  for (const ws::CookieWrite& write : waiting.writes) {
    all.cookies.insert(all.cookies.end(), write.cookies.begin(), write.cookies.end());
  }
  std::optional<ws::Error> error;
  change_files_in(real_directory_of(path), [&] { error = ws::write_cookies(all, lock_wait); });
  tell(path, error ? error->message : std::string());
  return !error;
}

// Each change once: a full disk would otherwise fill the log as well.
void CookieWriter::tell(const std::string& path, std::string error) {
  std::string told;
  {
    const std::lock_guard lock(mutex_);
    if (error.empty()) {
      const auto known = errors_.extract(path);
      told = known ? known.mapped() : "";
    } else {
      told = std::exchange(errors_[path], error);
    }
  }
  if (told == error) {
    return;
  }
  if (error.empty()) {
    log_.info("cookies stored again", {{"cookie_jar", path}});
  } else {
    log_.warn("cookies not stored, they are kept in memory and tried again",
              {{"cookie_jar", path}, {"cause", error}});
  }
}

std::map<std::string, std::string> CookieWriter::faults() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace wsbridged
