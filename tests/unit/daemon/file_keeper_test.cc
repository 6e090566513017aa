// SPDX-License-Identifier: MIT
// Nobody gets back what Landlock took, so each case that takes something is a process of its own.
#include "daemon/file_keeper.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/landlock.h"
#include "daemon/listener_socket.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

constexpr const char* kPlace = "FILE_KEEPER_TEST_DIRECTORY";

std::string place() {
  return std::getenv(kPlace);
}

// Calls `work` in a process of its own: this program again, with the one case that has this tag.
void in_own_process(const std::string& tag, const std::function<void()>& work) {
  if (std::getenv(kPlace) != nullptr) {
    work();
    return;
  }
  const TempDir directory;
  std::filesystem::create_directory(directory.path() + "/known");
  std::filesystem::create_directory(directory.path() + "/other");
  setenv(kPlace, directory.path().c_str(), 1);
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const int status = std::system(("'" + self + "' '[" + tag + "]'").c_str());
  unsetenv(kPlace);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

// 0, or the errno.
int try_to_write(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  return file && write(file.get(), "x", 1) == 1 ? 0 : errno;
}

int try_to_execute() {
  std::string program = "/bin/true";
  char* const arguments[] = {program.data(), nullptr};
  pid_t child = 0;
  const int failure = posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, nullptr);
  return failure != 0 ? failure : (waitpid(child, nullptr, 0), 0);
}

int result_of(int returned) {
  return returned == 0 ? 0 : errno;
}

}  // namespace

// A process that has given up changing files, with one that was open before.
struct Confined {
  std::string known = place() + "/known", other = place() + "/other";
  Descriptor before{open((known + "/before").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  FileKeeper keeper{FileKeeper::Use::kLandlock};
};

TEST_CASE("confined: no thread makes, changes, removes or executes a file",
          "[file_keeper][confined_all]") {
  in_own_process("confined_all", [] {
    const Confined own;
    REQUIRE(own.keeper.is_on() == (landlock_version() > 0));
    if (!own.keeper.is_on()) {
      CHECK_FALSE(own.keeper.why_off().empty());
      return;  // this kernel takes nothing
    }
    const auto try_all = [&] {
      CHECK(try_to_write(own.known + "/new") == EACCES);
      CHECK(try_to_write(own.known + "/before") == EACCES);
      CHECK(result_of(mkdir((own.known + "/directory").c_str(), 0700)) == EACCES);
      CHECK(result_of(unlink((own.known + "/before").c_str())) == EACCES);
      CHECK(result_of(rename((own.known + "/before").c_str(), (own.known + "/after").c_str())) ==
            EACCES);
      CHECK(result_of(symlink("before", (own.known + "/link").c_str())) == EACCES);
      if (landlock_version() >= 3) {
        CHECK(result_of(truncate((own.known + "/before").c_str(), 0)) == EACCES);
      }
      CHECK(try_to_execute() == EACCES);
    };
    try_all();
    std::thread(try_all).join();
  });
}

TEST_CASE("confined: what can be read still can, and what was open stays so",
          "[file_keeper][confined_open]") {
  in_own_process("confined_open", [] {
    const Confined own;
    REQUIRE(own.keeper.is_on() == (landlock_version() > 0));
    if (!own.keeper.is_on()) {
      CHECK_FALSE(own.keeper.why_off().empty());
      return;  // this kernel takes nothing
    }
    REQUIRE(own.before);
    CHECK(std::ifstream(own.known + "/before").good());
    CHECK(write(own.before.get(), "x", 1) == 1);
  });
}

TEST_CASE("confined: a change is made, in its directory alone", "[file_keeper][confined_change]") {
  in_own_process("confined_change", [] {
    const Confined own;
    REQUIRE(own.keeper.is_on() == (landlock_version() > 0));
    if (!own.keeper.is_on()) {
      CHECK_FALSE(own.keeper.why_off().empty());
      return;  // this kernel takes nothing
    }
    int in_known = -1, in_other = -1, renamed = -1, executed = -1;
    change_files_in(own.known, [&] {
      in_known = try_to_write(own.known + "/new");
      in_other = try_to_write(own.other + "/new");
      renamed = result_of(rename((own.known + "/new").c_str(), (own.known + "/newer").c_str()));
      executed = try_to_execute();
    });
    CHECK(in_known == 0);
    CHECK(in_other == EACCES);
    CHECK(renamed == 0);
    CHECK(executed == EACCES);
    change_files_in(place() + "/absent", [&] { in_known = try_to_write(own.known + "/more"); });
    CHECK(in_known == EACCES);
  });
}

TEST_CASE("confined: threads change files at the same time", "[file_keeper][confined_threads]") {
  in_own_process("confined_threads", [] {
    const Confined own;
    REQUIRE(own.keeper.is_on() == (landlock_version() > 0));
    if (!own.keeper.is_on()) {
      CHECK_FALSE(own.keeper.why_off().empty());
      return;  // this kernel takes nothing
    }
    std::vector<std::thread> threads;
    std::vector<int> results(20, -1);
    for (std::size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        const std::string& mine = i % 2 == 0 ? own.known : own.other;
        change_files_in(mine,
                        [&, i] { results[i] = try_to_write(mine + "/" + std::to_string(i)); });
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    CHECK(results == std::vector<int>(20, 0));
  });
}

TEST_CASE("not confined: everything as before", "[file_keeper][without_file_keeper]") {
  in_own_process("without_file_keeper", [] {
    const FileKeeper keeper(FileKeeper::Use::kNothing);
    CHECK_FALSE(keeper.is_on());
    CHECK(keeper.why_off() == "--no-landlock");
    CHECK(try_to_write(place() + "/known/new") == 0);
    int result = -1;
    change_files_in(place() + "/known", [&] { result = try_to_write(place() + "/other/new"); });
    CHECK(result == 0);
  });
}

TEST_CASE("file keeper: a file's directory is the one that links lead to", "[file_keeper]") {
  const TempDir directory;
  const std::string place = std::filesystem::canonical(directory.path()).string();
  std::filesystem::create_directory(place + "/real");
  std::ofstream(place + "/real/jar") << "x";
  std::filesystem::create_symlink("real/jar", place + "/link");
  std::filesystem::create_directory_symlink("real", place + "/folder");
  CHECK(real_directory_of(place + "/link") == place + "/real");
  CHECK(real_directory_of(place + "/folder/jar") == place + "/real");
  CHECK(real_directory_of(place + "/folder/new") == place + "/real");
  CHECK(real_directory_of(place + "/new") == place);
  CHECK(real_directory_of("jar") == std::filesystem::current_path().string());
}

}  // namespace wsbridged::test
