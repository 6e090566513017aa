// SPDX-License-Identifier: MIT
// The thread that writes servers' cookies into their files, so that no loop waits for a disk or for
// another program's lock. What several sessions have for one file is written together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <ws/cookie_jar.h>

#include "daemon/log.h"

namespace wsbridged {

// Why cookies cannot be stored in the file at `path`, which `jar` was loaded from; as far as that
// can be told beforehand.
[[nodiscard]] std::optional<ws::Error> check_storable(const ws::CookieJar& jar,
                                                      const std::string& path);

// May be used from any number of threads.
class CookieWriter {
 public:
  // Of one file, waiting to be written; further ones drive out the oldest, told.
  static constexpr std::size_t kMaxWaiting = 3000;
  static constexpr std::chrono::seconds kMaxLockWait{5};
  // What could not be written is tried again with the next cookies for its file, and this often.
  static constexpr std::chrono::seconds kRetryInterval{2};

  explicit CookieWriter(Log& log);
  // Writes what is waiting; for the locks of all files together it waits kMaxLockWait. What cannot
  // be written even then is told.
  ~CookieWriter();
  CookieWriter(const CookieWriter&) = delete;
  CookieWriter& operator=(const CookieWriter&) = delete;

  // Returns at once.
  void write(ws::CookieWrite write);

  // Files that cannot be written at the moment, with the reason.
  [[nodiscard]] std::map<std::string, std::string> faults() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    std::deque<ws::CookieWrite> writes;
    std::size_t cookie_count = 0;
    bool is_overflow_told = false;
    Clock::time_point due{};  // later than now: it failed, and may fail again
  };

  using WaitingFiles = std::map<std::string, Waiting>;

  // Returns whether some were dropped, and nobody was told yet.
  [[nodiscard]] static bool make_room(Waiting& waiting);
  void start_thread();
  void run();
  [[nodiscard]] WaitingFiles::iterator next_due();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  // Whether they are in the file.
  [[nodiscard]] bool write_all(const std::string& path, const Waiting& waiting,
                               std::chrono::milliseconds lock_wait);
  void keep(const std::string& path, Waiting failed);
  void give_up(const std::string& path, const Waiting& failed);
  [[nodiscard]] std::chrono::milliseconds lock_wait() const;
  void tell(const std::string& path, std::string error);

  Log& log_;

  mutable std::mutex mutex_;                   // of all below
  std::map<std::string, std::string> errors_;  // by file, told; changed by the thread alone
  std::condition_variable has_work_;
  WaitingFiles waiting_;  // by file
  bool is_stopping_ = false;
  Clock::time_point stopping_since_{};
  std::thread thread_;  // from the first write on
};

}  // namespace wsbridged
