// SPDX-License-Identifier: MIT
#include "daemon/unix_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/unix_socket_access.h"
#include "daemon/unix_socket_file.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

// What listening there says; empty when it worked.
std::string error_of(const config::Listen& listen) {
  auto socket = listen_unix(listen);
  return socket ? "" : socket.error().message;
}

// Leaves a socket file behind that nobody serves, as a killed program does.
void leave_stale(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const Descriptor dead(socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(bind(dead.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
}

std::size_t files_in(const TempDir& directory) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    ++count;
  }
  return count;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}

  ~Umask() { umask(before_); }

  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST_CASE("unix_socket: the mode is the configured one whatever the umask") {
  const TempDir directory;
  const auto path = directory / "s";
  const auto mask = GENERATE(mode_t{0}, mode_t{022}, mode_t{077}, mode_t{0777});
  const std::string mode = GENERATE("0600", "0660", "666", "0");
  const Umask changed(mask);
  auto listen = unix_listen(path);
  listen.mode = mode;
  const auto socket = listen_unix(listen);
  REQUIRE(socket);
  CHECK(mode_of(path) == static_cast<mode_t>(std::stoul(mode, nullptr, 8)));
}

TEST_CASE("unix_socket: the mode is 0600 unless told otherwise, and the socket answers") {
  const TempDir directory;
  const auto socket = listen_unix(unix_listen(directory / "s"));
  REQUIRE(socket);
  CHECK(mode_of(directory / "s") == 0600);
  CHECK(socket.value().address == "unix:" + directory / "s");
  CHECK(connect_unix(socket.value().address));
  CHECK(files_in(directory) == 1);
}

TEST_CASE("unix_socket: the access of one that listens can be changed, not that of another file") {
  const TempDir directory;
  auto listen = unix_listen(directory / "a.sock");
  auto socket = listen_unix(listen);
  REQUIRE(socket);
  listen.mode = "0666";
  CHECK_FALSE(change_access(listen, socket->file));
  CHECK(mode_of(directory / "a.sock") == 0666);
  listen.group = "no-such-group";
  CHECK(change_access(listen, socket->file));
  listen.group = "";
  REQUIRE(unlink((directory / "a.sock").c_str()) == 0);
  std::ofstream(directory / "a.sock") << "another";
  const auto error = change_access(listen, socket->file);
  REQUIRE(error);
  CHECK_THAT(error->message, ContainsSubstring("does not lead to this socket"));
}

TEST_CASE("unix_socket: owner and group are taken as names and as numbers") {
  const TempDir directory;
  auto listen = unix_listen(directory / "s");
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  const bool by_name = GENERATE(true, false);
  listen.owner = by_name ? getpwuid(uid)->pw_name : std::to_string(uid);
  listen.group = by_name ? getgrgid(gid)->gr_name : std::to_string(gid);
  if (uid == 0 && !by_name) {
    listen.owner = "12345";  // root may give it to somebody else
    listen.group = "23456";
  }
  const auto socket = listen_unix(listen);
  REQUIRE(socket);

  struct stat status {};

  REQUIRE(lstat((directory / "s").c_str(), &status) == 0);
  const bool is_given = uid == 0 && !by_name;
  CHECK(status.st_uid == (is_given ? 12345 : uid));
  CHECK(status.st_gid == (is_given ? 23456 : gid));
  CHECK(mode_of(directory / "s") == 0600);
}

TEST_CASE("unix_socket: an unknown owner, an unknown group or a bad mode leaves nothing bound") {
  const TempDir directory;
  auto listen = unix_listen(directory / "s");
  SECTION("owner") {
    listen.owner = "no-such-user";
    CHECK_THAT(error_of(listen), ContainsSubstring("'no-such-user' is no user"));
  }
  SECTION("the owner that chown() takes as unchanged") {
    listen.owner = "4294967295";
    CHECK_THAT(error_of(listen), ContainsSubstring("is no user"));
  }
  SECTION("group") {
    listen.group = "no-such-group";
    CHECK_THAT(error_of(listen), ContainsSubstring("'no-such-group' is no group"));
  }
  SECTION("mode") {
    listen.mode = GENERATE("0800", "1000", "", "rw", "-1", "0600 ");
    CHECK_THAT(error_of(listen), ContainsSubstring("is not an octal number"));
  }
  CHECK(files_in(directory) == 0);
}

TEST_CASE("unix_socket: a path has at most 107 bytes") {
  const TempDir directory;
  const std::string longest = directory / std::string(106 - directory.path().size(), 'x');
  REQUIRE(longest.size() == 107);
  CHECK(error_of(unix_listen(longest)).empty());
  CHECK_THAT(error_of(unix_listen(longest + "x")),
             ContainsSubstring("108 bytes") && ContainsSubstring("at most 107"));
  CHECK(error_of(abstract_listen(std::string(107, 'a'))).empty());
  CHECK_THAT(error_of(abstract_listen(std::string(108, 'a'))), ContainsSubstring("108 bytes"));
}

TEST_CASE("unix_socket: an empty path and a NUL in it are refused") {
  CHECK_THAT(error_of(unix_listen("")), ContainsSubstring("empty"));
  CHECK_THAT(error_of(abstract_listen("")), ContainsSubstring("empty"));
  CHECK_THAT(error_of(unix_listen(std::string("/tmp/a\0b", 8))), ContainsSubstring("NUL"));
}

TEST_CASE("unix_socket: a missing directory is an error that says what to do") {
  const TempDir directory;
  CHECK_THAT(error_of(unix_listen(directory / "none/s")),
             ContainsSubstring("/none does not exist") && ContainsSubstring("RuntimeDirectory="));
}

TEST_CASE("unix_socket: what is not a socket is never removed") {
  const TempDir directory;
  const auto path = directory / "s";
  SECTION("a file") {
    std::ofstream(path) << "kept";
  }
  SECTION("a directory") {
    std::filesystem::create_directory(path);
  }
  SECTION("a symbolic link to nowhere") {
    std::filesystem::create_symlink("nowhere", path);
  }
  SECTION("a symbolic link to a dead socket") {
    leave_stale(directory / "dead");
    std::filesystem::create_symlink("dead", path);
  }
  CHECK_THAT(error_of(unix_listen(path)), ContainsSubstring("not a socket"));
  CHECK(std::filesystem::exists(std::filesystem::symlink_status(path)));
}

TEST_CASE("unix_socket: a dead socket of ours is replaced") {
  const TempDir directory;
  leave_stale(directory / "s");
  const auto socket = listen_unix(unix_listen(directory / "s"));
  REQUIRE(socket);
  CHECK(connect_unix(socket.value().address));
}

TEST_CASE("unix_socket: a socket that answers is an error and goes on answering") {
  const TempDir directory;
  auto listen = unix_listen(directory / "s");
  listen.backlog = GENERATE(0, 1024);
  const auto first = listen_unix(listen);
  REQUIRE(first);
  const auto client = connect_unix(first.value().address);  // with backlog 0 the queue is full now
  CHECK_THAT(error_of(listen), ContainsSubstring("already answers"));
  CHECK(std::filesystem::exists(directory / "s"));
  CHECK(client);
}

TEST_CASE("unix_socket: a datagram socket that somebody holds is an error") {
  const TempDir directory;
  const auto path = directory / "s";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const Descriptor datagram(socket(AF_UNIX, SOCK_DGRAM, 0));
  REQUIRE(bind(datagram.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  CHECK_THAT(error_of(unix_listen(path)), ContainsSubstring("already answers"));
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("unix_socket: a dead socket of another user is left alone") {
  const TempDir directory;
  leave_stale(directory / "s");
  // Only root can give a file away; for everybody else the rule is seen from its other side.
  const bool is_root = geteuid() == 0;
  REQUIRE((!is_root || lchown((directory / "s").c_str(), 12345, 12345) == 0));
  const auto error = error_of(unix_listen(directory / "s"));
  CHECK((error.find("dead socket of uid 12345") != std::string::npos) == is_root);

  auto given = unix_listen(directory / "s");
  given.owner = is_root ? "12345" : "";  // the configured owner's is ours as well
  CHECK(error_of(given).empty());
}

TEST_CASE("unix_socket: of many that start on one dead path exactly one succeeds") {
  const TempDir directory;
  leave_stale(directory / "s");
  std::atomic<int> ready_count = 0;
  std::vector<std::optional<ListeningSocket>> bound(8);
  std::vector<std::thread> starters;
  for (auto& slot : bound) {
    starters.emplace_back([&] {
      ++ready_count;
      while (ready_count < 8) {
        std::this_thread::yield();
      }
      if (auto socket = listen_unix(unix_listen(directory / "s"))) {
        slot = std::move(*socket);
      }
    });
  }
  for (auto& starter : starters) {
    starter.join();
  }
  CHECK(std::count_if(bound.begin(), bound.end(), [](const auto& b) { return b.has_value(); }) ==
        1);
  CHECK(connect_unix("unix:" + directory / "s"));
}

TEST_CASE("unix_socket: a lock that stays taken is an error after kDirectoryLockWait") {
  const TempDir directory;
  const Descriptor held(open(directory.path().c_str(), O_RDONLY | O_DIRECTORY));
  REQUIRE(flock(held.get(), LOCK_EX) == 0);
  const auto before = std::chrono::steady_clock::now();
  CHECK_THAT(error_of(unix_listen(directory / "s")), ContainsSubstring("holds the lock"));
  CHECK(std::chrono::steady_clock::now() - before >= kDirectoryLockWait);
  CHECK(files_in(directory) == 0);
}

TEST_CASE("unix_socket: the file goes with the socket") {
  const TempDir directory;
  {
    const auto socket = listen_unix(unix_listen(directory / "s"));
    REQUIRE(socket);
    CHECK(files_in(directory) == 1);
  }
  CHECK(files_in(directory) == 0);
}

TEST_CASE("unix_socket: another file at the path is not removed with the socket") {
  const TempDir directory;
  {
    const auto socket = listen_unix(unix_listen(directory / "s"));
    REQUIRE(socket);
    std::filesystem::remove(directory / "s");
    leave_stale(directory / "s");
  }
  CHECK(files_in(directory) == 1);
}

TEST_CASE("unix_socket: a moved binding removes its file once, with its last owner") {
  const TempDir directory;
  auto socket = listen_unix(unix_listen(directory / "s"));
  REQUIRE(socket);
  std::optional<ListeningSocket> owner = std::move(*socket);
  CHECK(files_in(directory) == 1);
  owner.reset();
  CHECK(files_in(directory) == 0);
}

TEST_CASE("unix_socket: an abstract name has no file and one owner") {
  const TempDir directory;
  const std::string name = "wsbridged-test-" + directory.path();
  {
    const auto socket = listen_unix(abstract_listen(name));
    REQUIRE(socket);
    CHECK(socket.value().address == "unix:@" + name);
    CHECK(socket.value().kind == SocketKind::kAbstract);
    CHECK(connect_unix(socket.value().address));
    CHECK_THAT(error_of(abstract_listen(name)), ContainsSubstring("has this abstract name"));
  }
  CHECK(error_of(abstract_listen(name)).empty());
  CHECK(files_in(directory) == 0);
}

TEST_CASE("unix_socket_file: the directory of a path") {
  CHECK(directory_of("/run/x/s") == "/run/x");
  CHECK(directory_of("/s") == "/");
  CHECK(directory_of("s") == ".");
}

TEST_CASE("unix_socket_file: a path is free, stale, answered or no socket") {
  const TempDir directory;
  CHECK(probe_path(directory / "none").state == PathState::kFree);
  leave_stale(directory / "dead");
  CHECK(probe_path(directory / "dead").state == PathState::kStale);
  CHECK(probe_path(directory / "dead").owner == geteuid());
  CHECK(probe_path(directory.path()).state == PathState::kNotSocket);
  CHECK(probe_path(directory.path() + "/dead/below").state == PathState::kUnknown);
  const auto socket = listen_unix(unix_listen(directory / "s"));
  REQUIRE(socket);
  CHECK(probe_path(directory / "s").state == PathState::kAnswers);
}

}  // namespace
}  // namespace wsbridged::test
