// SPDX-License-Identifier: MIT
// Who may change files. A daemon changes only two kinds of them: cookie jars that servers' cookies
// are stored in, and the files of Unix sockets. So with the kernel's Landlock every thread gives up
// changing any, but for one that only starts others: each change is made by a thread of its own,
// which may change files in that one directory. A reload may therefore name other directories.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace wsbridged {

// One at a time in a process. Made before any other thread is, and destroyed behind them.
class FileKeeper {
 public:
  enum class Use : bool { kLandlock, kNothing };

  // With kNothing nobody gives up anything.
  explicit FileKeeper(Use use);
  ~FileKeeper();
  FileKeeper(const FileKeeper&) = delete;
  FileKeeper& operator=(const FileKeeper&) = delete;

  // Whether this process has given up changing files; else why not.
  [[nodiscard]] bool is_on() const { return thread_.joinable(); }

  [[nodiscard]] const std::string& why_off() const { return why_off_; }

 private:
  friend void change_files_in(const std::string& directory, const std::function<void()>& change);

  struct Change {
    std::string directory;
    const std::function<void()>& make;
    std::promise<std::thread> maker;  // no thread: it is made already
  };

  [[nodiscard]] std::thread start(const std::string& directory, const std::function<void()>& make);
  void stop();
  void run();
  static void answer(Change change);

  std::string why_off_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Change> waiting_;  // one for each thread that waits, at most
  bool is_stopping_ = false;
  std::thread thread_;
};

// Calls `change`, which changes files in `directory` and throws nothing, and returns when that is
// done: itself while there is no FileKeeper, else a thread that may do that. From any thread.
void change_files_in(const std::string& directory, const std::function<void()>& change);

// The directory of the file that `path` leads to; through symbolic links, as far as they lead.
[[nodiscard]] std::string real_directory_of(const std::string& path);

}  // namespace wsbridged
