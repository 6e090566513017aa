// SPDX-License-Identifier: MIT
// The file of a cookie jar on disk: read whole, merged into atomically. What stands in it is
// protocol/cookie_file.h.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <ws/cookie_jar.h>

namespace ws {

inline constexpr std::size_t kMaxCookieFile = std::size_t{4} << 20;

// What tells one state of a file from another without reading it.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::chrono::nanoseconds modified{};
  std::chrono::nanoseconds changed{};
  bool operator==(const FileState&) const = default;
};

struct FileContent {
  std::string text;
  FileState state;  // before the reading: what changes during it is noticed next time
  bool settled = false;
};

// An error has phase kOptions.
[[nodiscard]] Error jar_error(const std::string& path, const std::string& what,
                              int system_errno = 0);

[[nodiscard]] FileState state_of(const struct stat& status);

// A regular file of at most 4 MiB.
[[nodiscard]] Result<FileContent> read_cookie_file(const std::string& path);

// Puts `received` into the cookies that the file holds now, drops the expired ones, and replaces
// the file (the one that a symbolic link leads to) in one step: readers see it before or after. A
// lock file beside it, ".NAME.lock", keeps several writers from losing each other's cookies; it is
// waited for, `max_wait` at most. The file has mode 0600 afterwards, and its owner. When nothing
// changes, nothing is written. Returns what the file holds then.
[[nodiscard]] Result<FileContent> merge_into_cookie_file(const std::string& path,
                                                         std::span<const Cookie> received,
                                                         std::int64_t now,
                                                         std::chrono::milliseconds max_wait);

// Why merge_into_cookie_file() would fail, as far as that can be told beforehand. A file is made in
// the directory, without a name where the file system can do that.
[[nodiscard]] std::optional<Error> refuse_unwritable(const std::string& path);

inline constexpr std::chrono::milliseconds kMaxLockWait{100};

}  // namespace ws
