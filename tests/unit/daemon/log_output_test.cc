// SPDX-License-Identifier: MIT
// LogOutput on pipes: whole, full, slow, closed.
#include "daemon/log_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "support/catch.h"

namespace wsbridged {
namespace {

constexpr std::chrono::milliseconds kNoPatience{0};

class SmallPipe {
 public:
  explicit SmallPipe(int flags = O_CLOEXEC) {
    REQUIRE(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);  // as the daemon does
    REQUIRE(::pipe2(ends_, flags) == 0);
    REQUIRE(::fcntl(ends_[1], F_SETPIPE_SZ, 4096) == 4096);
  }

  ~SmallPipe() {
    close_reader();
    ::close(ends_[1]);
  }

  SmallPipe(const SmallPipe&) = delete;
  SmallPipe& operator=(const SmallPipe&) = delete;

  [[nodiscard]] int write_end() const { return ends_[1]; }

  std::string read() {
    std::string text(8192, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    REQUIRE(size > 0);
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

  void close_reader() {
    if (ends_[0] >= 0) {
      ::close(ends_[0]);
      ends_[0] = -1;
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace

TEST_CASE("log output: a line gets its newline", "[log]") {
  SmallPipe pipe;
  LogOutput output(pipe.write_end(), kNoPatience);
  CHECK(output.write("one"));
  CHECK(pipe.read() == "one\n");
  CHECK(output.write(""));
  CHECK(pipe.read() == "\n");
}

TEST_CASE("log output: a full pipe does not block, and works again once it is read", "[log]") {
  for (const int flags : {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK}) {
    SmallPipe pipe(flags);
    LogOutput output(pipe.write_end(), kNoPatience);
    const std::string line(4095, 'x');
    CHECK(output.write(line));
    CHECK_FALSE(output.is_writable());
    CHECK_FALSE(output.write("lost"));
    CHECK(pipe.read() == line + "\n");
    CHECK(output.is_writable());
    CHECK(output.write("back"));
    CHECK(pipe.read() == "back\n");
  }
}

TEST_CASE("log output: a line that was begun is ended before the next", "[log]") {
  SmallPipe pipe;
  LogOutput output(pipe.write_end(), kNoPatience);
  const std::string line(5000, 'x');
  CHECK_FALSE(output.write(line));
  CHECK(pipe.read() == line.substr(0, 4096));
  CHECK(output.write("next"));
  CHECK(pipe.read() == "\nnext\n");
}

TEST_CASE("log output: patience is spent once for a stalled reader", "[log]") {
  SmallPipe pipe;
  const std::chrono::milliseconds patience{30};
  LogOutput output(pipe.write_end(), patience);
  REQUIRE(output.write(std::string(4095, 'x')));
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(output.write("waits"));
  CHECK(std::chrono::steady_clock::now() - begin >= patience);
  LogOutput endless(pipe.write_end(), std::chrono::hours(1));
  pipe.read();
  CHECK(endless.write(std::string(4095, 'x')));
}

TEST_CASE("log output: without a reader or descriptor nothing is written and nothing waits",
          "[log]") {
  SmallPipe pipe;
  LogOutput output(pipe.write_end(), std::chrono::hours(1));
  pipe.close_reader();
  CHECK_FALSE(output.write("nobody"));
  LogOutput closed(-1, std::chrono::hours(0));
  CHECK_FALSE(closed.write("nothing"));
}

}  // namespace wsbridged
