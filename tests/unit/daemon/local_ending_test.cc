// SPDX-License-Identifier: MIT
// The local ending over real socket pairs and loopback TCP: what the program still reads, and when.
#include "daemon/local_ending.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <thread>

#include "support/catch.h"

using namespace wsbridged;
using std::chrono::milliseconds;

namespace {

struct Pair {
  int ours = -1;
  int program = -1;
};

Pair unix_pair() {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
  return {ends[0], ends[1]};
}

Pair tcp_pair() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(listener, generic, size) == 0);
  REQUIRE(listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, generic, &size) == 0);
  const int program = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(program, generic, size) == 0);
  const int ours = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  REQUIRE(ours >= 0);
  close(listener);
  return {ours, program};
}

// What a program that reads to the end sees.
struct Seen {
  std::string text;
  int error = 0;
};

Seen read_to_end(int descriptor) {
  Seen seen;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = recv(descriptor, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      seen.error = size < 0 ? errno : 0;
      return seen;
    }
    seen.text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

struct Run {
  ws::EventLoop loop;
  std::unique_ptr<ws::net::Stream> stream;
  std::unique_ptr<LocalEnding> ending;
  std::optional<LocalEndResult> result;

  void end(const Pair& pair, LocalEnd end, const std::string& output, LocalEndLimits limits,
           bool is_unix) {
    stream = ws::net::adopt_socket(loop, pair.ours);
    stream->output().append(output);
    ending = std::make_unique<LocalEnding>(
        loop, LocalEnding::Connection{.stream = std::move(stream), .is_unix = is_unix}, end, limits,
        [this](const LocalEndResult& ended) {
          result = ended;
          loop.stop();
        });
    loop.run();
  }
};

}  // namespace

TEST_CASE("local ending: everything buffered arrives before the end of file", "[local_ending]") {
  for (const bool is_unix : {true, false}) {
    CAPTURE(is_unix);
    const Pair pair = is_unix ? unix_pair() : tcp_pair();
    const std::string output(3'000'000, 'x');  // more than the kernel takes at once
    Seen seen;
    std::thread program([&] {
      seen = read_to_end(pair.program);
      close(pair.program);
    });
    Run run;
    run.end(pair, LocalEnd::kFin, output, {}, is_unix);
    program.join();
    CHECK(seen.text == output);
    CHECK(seen.error == 0);
    REQUIRE(run.result);
    CHECK(run.result->unsent_bytes == 0);
  }
}

TEST_CASE("local ending: a reset comes only after everything was taken", "[local_ending]") {
  const Pair pair = tcp_pair();
  const std::string output(3'000'000, 'x');
  Seen seen;
  std::thread program([&] {
    seen = read_to_end(pair.program);
    close(pair.program);
  });
  Run run;
  run.end(pair, LocalEnd::kReset, output, {}, false);
  program.join();
  CHECK(seen.text == output);
  CHECK(seen.error == ECONNRESET);
}

TEST_CASE("local ending: on a Unix socket a reset is an end of file", "[local_ending]") {
  const Pair pair = unix_pair();
  Seen seen;
  std::thread program([&] {
    seen = read_to_end(pair.program);
    close(pair.program);
  });
  Run run;
  run.end(pair, LocalEnd::kReset, "last words\n", {}, true);
  program.join();
  CHECK(seen.text == "last words\n");
  CHECK(seen.error == 0);
}

TEST_CASE("local ending: what the program still writes is read, counted, and harms nothing",
          "[local_ending]") {
  const Pair pair = unix_pair();
  REQUIRE(write(pair.program, "unasked", 7) == 7);
  Seen seen;
  std::thread program([&] {
    seen = read_to_end(pair.program);
    close(pair.program);
  });
  Run run;
  run.end(pair, LocalEnd::kFin, "answer\n", {}, true);
  program.join();
  CHECK(seen.text == "answer\n");
  REQUIRE(run.result);
  CHECK(run.result->discarded_bytes == 7);
}

TEST_CASE("local ending: a program that never leaves is left after the linger time",
          "[local_ending]") {
  const Pair pair = unix_pair();
  Run run;
  run.end(pair, LocalEnd::kFin, "x", {.linger = milliseconds(20)}, true);
  REQUIRE(run.result);
  CHECK(run.result->unsent_bytes == 0);
  close(pair.program);
}

TEST_CASE("local ending: a program that never reads is given up, and the loss is told",
          "[local_ending]") {
  const Pair pair = unix_pair();
  const std::string output(4'000'000, 'x');
  Run run;
  run.end(pair, LocalEnd::kFin, output, {.stall = milliseconds(20)}, true);
  REQUIRE(run.result);
  CHECK(run.result->unsent_bytes > 0);
  CHECK(run.result->unsent_bytes < output.size());
  close(pair.program);
}

TEST_CASE("local ending: a program that left ends it at once", "[local_ending]") {
  const Pair pair = unix_pair();
  close(pair.program);
  Run run;
  run.end(pair, LocalEnd::kFin, "nobody reads this", {}, true);
  REQUIRE(run.result);
}
