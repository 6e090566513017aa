// SPDX-License-Identifier: MIT
#include "daemon/watched_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <variant>

#include "config/input_file.h"

namespace wsbridged {

namespace {

constexpr std::size_t kMaxWatched = std::size_t{4} << 20;
// A file's times stand still for one tick of the kernel: what was changed this shortly before a
// look may change again without another time.
constexpr std::chrono::milliseconds kSettled{50};

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::size_t content_of(const std::string& path) {
  const auto read = config::read_input_file(path, {kMaxWatched, config::InputKind::kRegularFile});
  const auto* text = std::get_if<std::string>(&read);
  return std::hash<std::string>{}(
      text != nullptr ? "+" + *text : "-" + std::get<config::InputFailure>(read).reason);
}

}  // namespace

WatchedFile::State WatchedFile::state_of(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    return {.failure = errno};
  }
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified = since_epoch(status.st_mtim),
          .changed = since_epoch(status.st_ctim),
          .failure = 0};
}

bool WatchedFile::look() {
  const State state = state_of(path_);  // before the content: a change meanwhile is noticed next
  if (state == state_ && is_settled_) {
    return false;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::size_t content = content_of(path_);
  const bool has_changed = content != content_;
  state_ = state;
  is_settled_ = now - state.changed > kSettled;
  content_ = content;
  return has_changed;
}

}  // namespace wsbridged
