// SPDX-License-Identifier: MIT
#include "daemon/unix_socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/file_keeper.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

UnixSocketFile::UnixSocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};

  if (lstat(path_.c_str(), &status) != 0) {
    path_.clear();  // removed by somebody else already
    return;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

UnixSocketFile::~UnixSocketFile() {
  if (is_there()) {
    change_files_in(directory_of(path_), [this] { unlink(path_.c_str()); });
  }
}

bool UnixSocketFile::is_there() const {
  struct stat status {};

  return !path_.empty() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

namespace {

PathState judge_connect(int system_errno) {
  switch (system_errno) {
    case 0:
    case EAGAIN:      // its accept queue is full
    case EPROTOTYPE:  // a datagram or seqpacket socket that somebody holds
      return PathState::kAnswers;
    case ECONNREFUSED:
      return PathState::kStale;
    case ENOENT:
      return PathState::kFree;
    default:
      return PathState::kUnknown;
  }
}

}  // namespace

PathProbe probe_path(const std::string& path) {
  struct stat status {};

  if (lstat(path.c_str(), &status) != 0) {
    // Whether the directory is there at all is told better by bind().
    return {.state = errno == ENOENT ? PathState::kFree : PathState::kUnknown,
            .system_errno = errno};
  }
  if (!S_ISSOCK(status.st_mode)) {
    return {.state = PathState::kNotSocket};
  }
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) {
    return {.state = PathState::kUnknown, .system_errno = ENAMETOOLONG};
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) {
    return {.state = PathState::kUnknown, .system_errno = errno};
  }
  const int failed = connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  const int error = failed == 0 ? 0 : errno;
  return {.state = judge_connect(error), .owner = status.st_uid, .system_errno = error};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace wsbridged
