// SPDX-License-Identifier: MIT
// The file behind a Unix listening socket: whose it is, whether somebody answers on it, and who may
// remove it.
#pragma once

#include <sys/types.h>

#include <string>

namespace wsbridged {

// A socket file that this process made. Destroying it removes the file, but only while the path
// still leads to the very inode that was made. (The number cannot have been given to another file
// as long as the socket is open: a bound socket keeps its inode.)
class UnixSocketFile {
 public:
  UnixSocketFile() = default;  // none
  // Precondition: a socket of this process was just bound to `path`.
  explicit UnixSocketFile(std::string path);
  ~UnixSocketFile();
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;

  // Does the path still lead to it?
  [[nodiscard]] bool is_there() const;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// What lies where a socket is to be bound.
enum class PathState : unsigned char {
  kFree,
  kStale,      // a socket of `owner` that refuses connections: its program is gone
  kAnswers,    // a socket that somebody serves
  kNotSocket,  // a file, directory or symbolic link
  kUnknown,    // it could not be found out: see system_errno
};

struct PathProbe {
  PathState state = PathState::kFree;
  uid_t owner = 0;
  int system_errno = 0;
};

// Tries to connect, without waiting: whoever serves the path sees a connection that ends at once.
[[nodiscard]] PathProbe probe_path(const std::string& path);

// The directory that `path` lies in, "." for a bare name.
[[nodiscard]] std::string directory_of(const std::string& path);

}  // namespace wsbridged
