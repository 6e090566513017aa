// SPDX-License-Identifier: MIT
#include "daemon/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "daemon/file_keeper.h"

namespace wsbridged {
namespace {

using Problem = std::optional<ws::Error>;

struct UnixName {
  sockaddr_un name{};
  socklen_t length = 0;
};

// The owner comes last, as whoever gave the file away may no longer change its mode.
Problem grant_access(const config::Listen& listen, const UnixAccess& access) {
  const std::string text = config::to_string(listen.address);
  const char* path = std::get<config::UnixAddress>(listen.address).path.c_str();
  if (chmod(path, access.mode) != 0) {
    return listen_error(text, "set the mode", errno);
  }
  if (!access.owner && !access.group) {
    return std::nullopt;
  }
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (lchown(path, access.owner.value_or(unchanged), access.group.value_or(unchanged)) != 0) {
    return listen_error(
        text,
        "set the owner or group (only root changes the owner; the group must be one of this "
        "user's, in a unit of SupplementaryGroups=, with SystemCallFilter=@chown)",
        errno);
  }
  return std::nullopt;
}

// One attempt to listen; the members are what its steps share.
class UnixBinder {
 public:
  UnixBinder(const config::Listen& listen, const UnixAccess& access)
      : listen_(listen),
        access_(access),
        address_(std::get<config::UnixAddress>(listen.address)),
        text_(config::to_string(listen.address)) {}

  ws::Result<ListeningSocket> run();

 private:
  Problem make_name();
  Problem bind_abstract();
  Problem bind_path();
  Problem lock_directory();
  Problem clear_path();
  Problem bind_error() const;
  Problem begin_listening();

  [[nodiscard]] ws::Error error(std::string_view what, int system_errno = 0) const {
    return listen_error(text_, what, system_errno);
  }

  [[nodiscard]] bool bind_name() const {
    return bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name_.name), name_.length) == 0;
  }

  const config::Listen& listen_;
  const UnixAccess& access_;
  const config::UnixAddress& address_;
  std::string text_;
  UnixName name_;
  Descriptor directory_;  // holds the lock
  Descriptor socket_;
  UnixSocketFile file_;
};

ws::Result<ListeningSocket> UnixBinder::run() {
  if (auto wrong = make_name()) {
    return std::move(*wrong);
  }
  socket_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) {
    return error("", errno);
  }
  Problem problem;
  if (address_.abstract) {
    problem = bind_abstract();
  } else {
    change_files_in(directory_of(address_.path), [&] { problem = bind_path(); });
  }
  if (problem) {
    return std::move(*problem);
  }
  if ((problem = begin_listening())) {
    return std::move(*problem);
  }
  return ListeningSocket{.descriptor = std::move(socket_),
                         .address = std::move(text_),
                         .kind = address_.abstract ? SocketKind::kAbstract : SocketKind::kUnix,
                         .file = std::move(file_)};
}

Problem UnixBinder::make_name() {
  // Both kinds spend one byte on a NUL: before an abstract name, behind a path.
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  const std::string& path = address_.path;
  if (path.empty()) {
    return error("the path is empty");
  }
  if (path.size() > longest) {
    return error("the path has " + std::to_string(path.size()) +
                 " bytes; that of a Unix socket has at most " + std::to_string(longest));
  }
  if (path.find('\0') != std::string::npos) {
    return error("the path holds a NUL");
  }
  name_.name.sun_family = AF_UNIX;
  std::memcpy(name_.name.sun_path + (address_.abstract ? 1 : 0), path.data(), path.size());
  name_.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return std::nullopt;
}

Problem UnixBinder::bind_abstract() {
  if (bind_name()) {
    return std::nullopt;
  }
  return errno == EADDRINUSE ? error("another socket has this abstract name") : error("", errno);
}

Problem UnixBinder::bind_path() {
  if (auto problem = lock_directory()) {
    return problem;
  }
  if (auto problem = clear_path()) {
    return problem;
  }
  // Linux makes the file with the mode of the socket's own inode, less the umask: it is never
  // wider than it shall be, not even before grant_access().
  if (fchmod(socket_.get(), access_.mode) != 0) {
    return error("set the mode", errno);
  }
  if (!bind_name()) {
    return bind_error();
  }
  file_ = UnixSocketFile(address_.path);
  // Nobody can connect before listen(), so the order within is free.
  return grant_access(listen_, access_);
}

Problem UnixBinder::lock_directory() {
  const std::string directory = directory_of(address_.path);
  directory_ = Descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) {
    if (errno == EACCES) {
      return std::nullopt;  // it may be written but not read: no lock is to be had, bind() decides
    }
    return errno == ENOENT ? error("the directory " + directory +
                                   " does not exist (create it, or let systemd do it with "
                                   "RuntimeDirectory=)")
                           : error(directory, errno);
  }
  constexpr int poll_milliseconds = 10;
  for (auto waited = 0; flock(directory_.get(), LOCK_EX | LOCK_NB) != 0;
       waited += poll_milliseconds) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return std::nullopt;  // a file system without locks
    }
    if (waited >= kDirectoryLockWait.count()) {
      return error("another program holds the lock of the directory " + directory +
                   " (is another wsbridged starting there?)");
    }
    poll(nullptr, 0, poll_milliseconds);
  }
  return std::nullopt;
}

Problem UnixBinder::clear_path() {
  const PathProbe probe = probe_path(address_.path);
  switch (probe.state) {
    case PathState::kFree:
      return std::nullopt;
    case PathState::kAnswers:
      return error(
          "something already answers there (another wsbridged, or another listener with this "
          "path)",
          EADDRINUSE);
    case PathState::kNotSocket:
      return error("there is a file that is not a socket; it was left as it is");
    case PathState::kUnknown:
      return error("cannot find out whether something answers there", probe.system_errno);
    case PathState::kStale:
      break;
  }
  const uid_t self = geteuid();
  if (probe.owner != self && probe.owner != access_.owner) {
    return error("there is a dead socket of uid " + std::to_string(probe.owner) +
                 "; remove it (only those of our own uid " + std::to_string(self) +
                 " are replaced)");
  }
  if (unlink(address_.path.c_str()) != 0 && errno != ENOENT) {
    return error("remove the dead socket", errno);
  }
  return std::nullopt;
}

Problem UnixBinder::bind_error() const {
  if (errno == EACCES || errno == EROFS) {
    return error("uid " + std::to_string(geteuid()) + " cannot create a file in " +
                     directory_of(address_.path),
                 errno);
  }
  return error("", errno);
}

Problem UnixBinder::begin_listening() {
  return listen(socket_.get(), listen_.backlog) == 0 ? Problem{} : Problem{error("", errno)};
}

}  // namespace

ws::Result<UnixAccess> look_up_unix(const config::Listen& listen) {
  if (std::get<config::UnixAddress>(listen.address).abstract) {
    return UnixAccess{};
  }
  auto access = resolve_access(listen);
  if (const auto* wrong = std::get_if<std::string>(&access)) {
    return listen_error(config::to_string(listen.address), *wrong);
  }
  return std::get<UnixAccess>(access);
}

ws::Result<ListeningSocket> listen_unix(const config::Listen& listen, const UnixAccess& access) {
  return UnixBinder(listen, access).run();
}

ws::Result<ListeningSocket> listen_unix(const config::Listen& listen) {
  const auto access = look_up_unix(listen);
  if (!access) {
    return access.error();
  }
  return listen_unix(listen, access.value());
}

std::optional<ws::Error> change_access(const config::Listen& listen, const UnixAccess& access,
                                       const UnixSocketFile& file) {
  if (!file.is_there()) {
    return listen_error(config::to_string(listen.address),
                        "the path does not lead to this socket any more: restart to bind it again");
  }
  return grant_access(listen, access);
}

}  // namespace wsbridged
