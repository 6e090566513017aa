// SPDX-License-Identifier: MIT
#include "daemon/cookie_writer.h"

#include <algorithm>
#include <iterator>
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
    stopping_since_ = std::chrono::steady_clock::now();
  }
  has_work_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CookieWriter::write(ws::CookieWrite write) {
  const std::string path = write.path;
  bool is_overflow = false;
  {
    const std::lock_guard lock(mutex_);
    Waiting& waiting = waiting_[path];
    waiting.cookie_count += write.cookies.size();
    waiting.writes.push_back(std::move(write));
    is_overflow = make_room(waiting);
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { run(); });
    }
  }
  has_work_.notify_one();
  if (is_overflow) {
    log_.warn("cookies not stored, too many are waiting for the disk: the oldest are left out",
              {{"cookie_jar", path}});
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

void CookieWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    auto next = waiting_.extract(waiting_.begin());
    const auto most = lock_wait();
    lock.unlock();
    write_all(next.key(), std::move(next.mapped()), most);
    lock.lock();
  }
}

std::chrono::milliseconds CookieWriter::lock_wait() const {
  using std::chrono::milliseconds;
  const auto waited = is_stopping_ ? std::chrono::steady_clock::now() - stopping_since_
                                   : std::chrono::steady_clock::duration{};
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(kMaxLockWait - waited));
}

void CookieWriter::write_all(const std::string& path, Waiting waiting,
                             std::chrono::milliseconds lock_wait) {
  ws::CookieWrite all{.path = path, .cookies = {}, .now = waiting.writes.back().now, .is_done = {}};
  for (ws::CookieWrite& write : waiting.writes) {
    std::move(write.cookies.begin(), write.cookies.end(), std::back_inserter(all.cookies));
  }
  std::optional<ws::Error> error;
  change_files_in(real_directory_of(path), [&] { error = ws::write_cookies(all, lock_wait); });
  tell(path, error ? error->message : std::string());
  for (const ws::CookieWrite& write : waiting.writes) {
    *write.is_done = true;
  }
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
    log_.warn("cookies not stored, they live in memory only",
              {{"cookie_jar", path}, {"cause", error}});
  }
}

std::map<std::string, std::string> CookieWriter::faults() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace wsbridged
