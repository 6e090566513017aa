// SPDX-License-Identifier: MIT
#include "daemon/last_words.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/catch.h"

namespace wsbridged {
namespace {

// What a process says that does this, and how it ends.
template <typename Deed>
std::string end_of(Deed deed) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    end_at_once_when_uncaught();
    deed();
    std::_Exit(0);
  }
  ::close(ends[1]);
  std::string said(1000, '\0');
  const ssize_t size = ::read(ends[0], said.data(), said.size());
  said.resize(static_cast<std::size_t>(size > 0 ? size : 0));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return said + (WIFEXITED(status) ? std::to_string(WEXITSTATUS(status)) : "signal");
}

void fail() {
  throw std::runtime_error("no random bytes");
}

TEST_CASE("last words: what nobody catches on a thread ends the process with a line and status 1") {
  const auto words = end_of([] { std::thread([] { throw std::bad_alloc(); }).join(); });
  CHECK(words == "wsbridged: ending at once: std::bad_alloc\n1");
}

TEST_CASE("last words: so does what is thrown where nothing may be") {
  // NOLINTNEXTLINE(bugprone-exception-escape): that is what is tried
  const auto words = end_of([]() noexcept { fail(); });
  CHECK(words == "wsbridged: ending at once: no random bytes\n1");
}

TEST_CASE("last words: without an exception there is a line, too") {
  CHECK(end_of([] { std::terminate(); }) == "wsbridged: ending at once: terminated\n1");
}

}  // namespace
}  // namespace wsbridged
