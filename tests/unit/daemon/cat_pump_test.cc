// SPDX-License-Identifier: MIT
// What carries stdin and stdout of `cat`, on pipes and files; the session is the other end of the
// pair of sockets.
#include "daemon/cat_pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <string>

#include "support/catch.h"

namespace wsbridged {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) { REQUIRE(number >= 0); }

  ~Descriptor() { close(); }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void close() {
    if (number_ >= 0) {
      ::close(number_);
      number_ = -1;
    }
  }

  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  return ends;
}

// A pump between two pipes.
class Piped {
  std::promise<void> over_;  // outlives the pump

 public:
  Piped() : Piped(make_pipe(), make_pipe()) {}

  // Until the pump has said so.
  void wait_for_output_over() { over_.get_future().wait(); }

  Descriptor input;         // what stdin reads
  Descriptor input_read;    // stdin
  Descriptor output;        // what stdout wrote
  Descriptor output_write;  // stdout
  CatPump pump;
  Descriptor session;

 private:
  Piped(std::array<int, 2> in, std::array<int, 2> out)
      : input(in[1]),
        input_read(in[0]),
        output(out[0]),
        output_write(out[1]),
        pump(in[0], out[1], [this] { over_.set_value(); }),
        session(pump.take_session_end()) {
    REQUIRE(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  }
};

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 65536> piece{};
  for (ssize_t size = 0; (size = ::read(descriptor, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Runs in a thread, where Catch2 asserts nothing: whoever reads misses what could not be written.
void write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor, text.data(), text.size());
    if (size <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

// More than all pipes and sockets on the way hold.
std::string much() {
  std::string text;
  for (int i = 0; text.size() < 3'000'000; ++i) {
    text += std::to_string(i) + '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("cat pump: what comes in arrives whole and in order, then its end", "[cat]") {
  Piped piped;
  const std::string all = much();
  std::thread writer([&] {
    write_whole(piped.input.get(), all);
    piped.input.close();
  });
  const bool is_same = read_to_end(piped.session.get()) == all;
  writer.join();
  CHECK(is_same);
  CHECK(piped.pump.input_error().empty());
}

TEST_CASE("cat pump: what the session wrote is written whole, though it has closed", "[cat]") {
  Piped piped;
  const std::string all = much();
  std::thread session([&] {
    write_whole(piped.session.get(), all);
    piped.session.close();
  });
  std::string text(all.size(), '\0');
  std::size_t size = 0;
  while (size < all.size()) {
    const ssize_t got = ::read(piped.output.get(), text.data() + size, all.size() - size);
    REQUIRE(got > 0);
    size += static_cast<std::size_t>(got);
  }
  session.join();
  piped.wait_for_output_over();
  CHECK((text == all));
  CHECK(piped.pump.output_error().empty());
  CHECK_FALSE(piped.pump.is_output_gone());
}

TEST_CASE("cat pump: stopping the input is its end, though more could come", "[cat]") {
  Piped piped;
  piped.pump.stop_input();
  CHECK(read_to_end(piped.session.get()).empty());
}

TEST_CASE("cat pump: a reader of the output that leaves is told while nothing is written",
          "[cat]") {
  Piped piped;
  piped.output.close();
  piped.wait_for_output_over();
  CHECK(piped.pump.is_output_gone());
  CHECK(piped.pump.output_error().empty());
  CHECK(read_to_end(piped.session.get()).empty());  // and the input ends with it
}

TEST_CASE("cat pump: it can be left while nobody reads the output", "[cat]") {
  Piped piped;
  std::thread session([&] {
    const std::string all = much();
    (void)::send(piped.session.get(), all.data(), all.size(), MSG_NOSIGNAL);
  });
  pollfd full{.fd = piped.output_write.get(), .events = POLLOUT, .revents = 0};
  while (::poll(&full, 1, 0) > 0) {
    std::this_thread::yield();
  }
  piped.pump.stop_input();
  ::shutdown(piped.session.get(), SHUT_RDWR);
  session.join();
}  // what is left in the pipes must not keep the pump's end

TEST_CASE("cat pump: errors of input and output have the system's words", "[cat]") {
  std::promise<void> over;
  const Descriptor folder(::open("/", O_RDONLY | O_CLOEXEC));
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  CatPump pump(folder.get(), full.get(), [&over] { over.set_value(); });
  const Descriptor session(pump.take_session_end());
  CHECK(read_to_end(session.get()).empty());
  write_whole(session.get(), "text");
  over.get_future().wait();
  CHECK(pump.input_error() == "Is a directory");
  CHECK(pump.output_error() == "No space left on device");
  CHECK_FALSE(pump.is_output_gone());
}

}  // namespace wsbridged
