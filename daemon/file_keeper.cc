// SPDX-License-Identifier: MIT
#include "daemon/file_keeper.h"

#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/landlock.h"

namespace wsbridged {
namespace {

// Landlock is of the process, too, and those who change files are everywhere.
std::atomic<FileKeeper*> the_keeper{nullptr};

}  // namespace

FileKeeper::FileKeeper(Use use) {
  if (use == Use::kNothing) {
    why_off_ = "--no-landlock";
    return;
  }
  if (landlock_version() < 1) {
    why_off_ = "the kernel has none, or a filter of system calls forbids it";
    return;
  }
  thread_ = std::thread([this] { run(); });
  if (const int failure = give_up_changing_files(); failure != 0) {
    why_off_ = std::generic_category().message(failure);
    stop();
    return;
  }
  the_keeper = this;
}

FileKeeper::~FileKeeper() {
  the_keeper = nullptr;
  stop();
}

void FileKeeper::stop() {
  if (!thread_.joinable()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

std::thread FileKeeper::start(const std::string& directory, const std::function<void()>& make) {
  std::promise<std::thread> maker;
  auto started = maker.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({.directory = directory, .make = make, .maker = std::move(maker)});
  }
  has_work_.notify_one();
  return started.get();
}

void FileKeeper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    Change next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    answer(std::move(next));
    lock.lock();
  }
}

void FileKeeper::answer(Change change) {
  std::thread maker;
  try {
    maker = std::thread([directory = std::move(change.directory), &make = change.make] {
      (void)give_up_changing_files(directory);  // it worked before; else there is less to defend
      make();
    });
  } catch (const std::system_error&) {
    change.make();  // there are no more threads to be had, and a change may not be lost
  }
  change.maker.set_value(std::move(maker));
}

void change_files_in(const std::string& directory, const std::function<void()>& change) {
  FileKeeper* const keeper = the_keeper;
  if (keeper == nullptr) {
    change();
    return;
  }
  if (std::thread maker = keeper->start(directory, change); maker.joinable()) {
    maker.join();
  }
}

std::string real_directory_of(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return (error ? std::filesystem::path(path) : real).parent_path().string();
}

}  // namespace wsbridged
