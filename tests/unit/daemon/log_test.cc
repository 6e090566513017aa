// SPDX-License-Identifier: MIT
// Log on real descriptors: levels, the choice of format, threads.
#include "daemon/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "support/catch.h"

namespace wsbridged {
namespace {

using config::LogFormat;
using config::LogLevel;

class Pipe {
 public:
  Pipe() {
    REQUIRE(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);  // as the daemon does
    REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0);
  }

  ~Pipe() {
    close_end(0);
    close_end(1);
  }

  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int write_end() const { return ends_[1]; }

  // Of the pipe's content, what one read gives.
  std::string read_what_is_there() {
    std::string text(1 << 20, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    REQUIRE(size > 0);
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

  // What was written, up to the end.
  std::string finish() {
    close_end(1);
    std::string text;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ends_[0], buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
  }

  void close_end(int end) {
    if (ends_[end] >= 0) {
      ::close(ends_[end]);
      ends_[end] = -1;
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

// Sets a variable and puts it back.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) {
      old_ = old;
    }
    ::setenv(name, value.c_str(), 1);
  }

  ~Variable() {
    if (old_.empty()) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, old_.c_str(), 1);
    }
  }

  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string old_;
};

config::Log settings(LogFormat format, LogLevel level = LogLevel::kInfo) {
  return {.level = level, .format = format};
}

std::string journal_stream(int descriptor) {
  struct stat status {};

  REQUIRE(::fstat(descriptor, &status) == 0);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace

TEST_CASE("log: entries below the level are left out, and the level can be changed", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kJournal), pipe.write_end());
  CHECK_FALSE(log.is_on(LogLevel::kDebug));
  CHECK(log.is_on(LogLevel::kInfo));
  log.debug("one");
  log.info("two");
  log.set_level(LogLevel::kError);
  CHECK_FALSE(log.is_on(LogLevel::kWarn));
  log.warn("three");
  log.error("four", {{"code", std::int64_t{7}}});
  log.set_level(LogLevel::kDebug);
  log.debug("five");
  CHECK(pipe.finish() == "<6>two\n<3>four code=7\n<7>five\n");
}

TEST_CASE("log: the format can be changed", "[log]") {
  Pipe pipe;
  Log log({.level = LogLevel::kInfo, .format = LogFormat::kText}, pipe.write_end());
  log.set_format(LogFormat::kJournal);
  log.info("one");
  log.set_format(LogFormat::kAuto);
  log.info("two");
  const std::string text = pipe.finish();
  CHECK(text.starts_with("<6>one\n{"));
}

TEST_CASE("log: format auto is JSON on a pipe", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kAuto), pipe.write_end());
  log.warn("hello");
  const std::string line = pipe.finish();
  CHECK_THAT(line, StartsWith("{\"time\":\"2"));
  CHECK_THAT(line, ContainsSubstring("Z\",\"level\":\"warn\",\"message\":\"hello\"}\n"));
}

TEST_CASE("log: format auto is the journal's where JOURNAL_STREAM names this descriptor", "[log]") {
  Pipe pipe;
  const Variable variable("JOURNAL_STREAM", journal_stream(pipe.write_end()));
  Log log(settings(LogFormat::kAuto), pipe.write_end());
  log.info("hello");
  CHECK(pipe.finish() == "<6>hello\n");
}

TEST_CASE("log: a JOURNAL_STREAM of another descriptor does not count", "[log]") {
  Pipe pipe;
  Pipe other;
  const Variable variable("JOURNAL_STREAM", journal_stream(other.write_end()));
  Log log(settings(LogFormat::kAuto), pipe.write_end());
  log.info("hello");
  CHECK_THAT(pipe.finish(), StartsWith("{"));
}

TEST_CASE("log: text on what is no terminal has no colour", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kText), pipe.write_end());
  log.error("hello");
  const std::string line = pipe.finish();
  CHECK_THAT(line, ContainsSubstring(" ERROR hello\n"));
  CHECK_THAT(line, !ContainsSubstring("\x1b"));
}

TEST_CASE("log: format auto is coloured text on a terminal, plain with NO_COLOR", "[log]") {
  const Variable term("TERM", "xterm");
  for (const std::string no_color : {"", "1"}) {
    const Variable variable("NO_COLOR", no_color);
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
    REQUIRE(::grantpt(terminal) == 0);
    REQUIRE(::unlockpt(terminal) == 0);
    char name[128];
    REQUIRE(::ptsname_r(terminal, name, sizeof name) == 0);
    const int inner = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(inner >= 0);
    Log log(settings(LogFormat::kAuto), inner);
    log.info("hello");
    char buffer[256];
    const ssize_t size = ::read(terminal, buffer, sizeof buffer);
    REQUIRE(size > 0);
    const std::string line(buffer, static_cast<std::size_t>(size));
    CHECK_THAT(line, ContainsSubstring("hello\r\n"));
    CHECK((line.find("\x1b[32mINFO ") != std::string::npos) == no_color.empty());
    ::close(inner);
    ::close(terminal);
  }
}

TEST_CASE("log: entries of several threads are whole lines", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kJournal), pipe.write_end());
  const auto write_entries = [&log] {
    for (int entry = 0; entry < 100; ++entry) {
      log.info("an entry of a thread", {{"bridge", std::string("chat")}});
    }
  };
  {
    const std::jthread one(write_entries);
    const std::jthread two(write_entries);
    const std::jthread three(write_entries);
  }
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    expected += "<6>an entry of a thread bridge=chat\n";
  }
  CHECK(pipe.finish() == expected);
}

TEST_CASE("log: a descriptor without a reader, or closed, is no error", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kJson), pipe.write_end());
  pipe.close_end(0);
  log.error("nobody reads this");
  pipe.close_end(1);
  log.error("nor this");
  CHECK(log.is_on(LogLevel::kError));
}

TEST_CASE("log: what a stalled reader cost is told when it reads again", "[log]") {
  Pipe pipe;
  Log log(settings(LogFormat::kJournal), pipe.write_end());
  const std::string filler(4000, 'x');
  // More than a pipe holds: one entry waits its second, the others are lost at once.
  for (int i = 0; i < 40; ++i) {
    log.info(filler);
  }
  std::string text = pipe.read_what_is_there();
  log.info("back again");
  text += pipe.finish();
  CHECK_THAT(text, ContainsSubstring("<4>log entries were lost entry_count="));
  CHECK_THAT(text, ContainsSubstring("<6>back again\n"));
}

}  // namespace wsbridged
