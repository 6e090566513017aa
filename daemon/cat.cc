// SPDX-License-Identifier: MIT
#include "daemon/cat.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace wsbridged {

namespace {

constexpr std::size_t kPieceSize = std::size_t{64} << 10;

using Piece = std::array<char, kPieceSize>;

void wait_until_writable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLOUT, .revents = 0};
  (void)::poll(&entry, 1, -1);
}

// 0, or the errno. A descriptor that somebody made non-blocking is waited for.
int write_all(int descriptor, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// As read(2), but without EINTR. -1 and EAGAIN: nothing yet.
ssize_t read_some(int descriptor, Piece& piece) {
  ssize_t size = 0;
  do {
    size = ::read(descriptor, piece.data(), piece.size());
  } while (size < 0 && errno == EINTR);
  return size;
}

std::string text_of(int error) {
  return error == 0 ? std::string() : std::generic_category().message(error);
}

}  // namespace

CatPump::CatPump(int input, int output, std::function<void()> on_output_lost)
    : input_(input), output_(output), on_output_lost_(std::move(on_output_lost)) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pair of sockets");
  }
  our_end_ = pair[0];
  session_end_ = pair[1];
  stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make an event descriptor");
  }
  input_thread_ = std::thread([this] { carry_input(); });
  output_thread_ = std::thread([this] { carry_output(); });
}

CatPump::~CatPump() {
  if (session_end_ >= 0) {
    ::close(session_end_);
  }
  output_thread_.join();
  stop_input();
  input_thread_.join();
  ::close(our_end_);
  ::close(stop_);
}

int CatPump::take_session_end() {
  return std::exchange(session_end_, -1);
}

void CatPump::stop_input() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
}

std::string CatPump::output_error() const {
  return text_of(output_errno_);
}

std::string CatPump::input_error() const {
  return text_of(input_errno_);
}

void CatPump::carry_input() {
  Piece piece;
  while (wait_for_input()) {
    const ssize_t size = read_some(input_, piece);
    if (size < 0 && errno == EAGAIN) {
      continue;
    }
    if (size < 0) {
      input_errno_ = errno;
    }
    if (size <= 0 ||
        write_all(our_end_, std::span(piece).first(static_cast<std::size_t>(size))) != 0) {
      break;  // what the session no longer takes it will tell itself
    }
  }
  ::shutdown(our_end_, SHUT_WR);
}

// False: it is to be left. Regular files are always readable.
bool CatPump::wait_for_input() const {
  std::array<pollfd, 2> entries{pollfd{.fd = input_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = stop_, .events = POLLIN, .revents = 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return entries[1].revents == 0;
}

void CatPump::carry_output() {
  Piece piece;
  while (wait_for_messages()) {
    const ssize_t size = read_some(our_end_, piece);
    if (size <= 0) {
      break;
    }
    if (const int error =
            write_all(output_, std::span(piece).first(static_cast<std::size_t>(size)))) {
      lose_output(error);
      break;
    }
  }
  stop_input();
  // A writer that is blocked, because the session reads nothing any more, ends too.
  ::shutdown(our_end_, SHUT_RDWR);
}

// False: the output's reader has left, which is noticed while there is nothing to write, too.
bool CatPump::wait_for_messages() {
  std::array<pollfd, 2> entries{pollfd{.fd = our_end_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = output_, .events = 0, .revents = 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  if (entries[0].revents == 0 && (entries[1].revents & (POLLERR | POLLHUP)) != 0) {
    lose_output(EPIPE);
    return false;
  }
  return true;
}

void CatPump::lose_output(int error) {
  if (error == EPIPE) {
    is_output_gone_ = true;
  } else {
    output_errno_ = error;
  }
  on_output_lost_();
}

}  // namespace wsbridged
