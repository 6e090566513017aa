// SPDX-License-Identifier: MIT
#include "daemon/cat_pump.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <system_error>
#include <utility>

namespace wsbridged {

namespace {

using Piece = std::array<char, CatPump::kPieceSize>;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int make_event() {
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) {
    throw_errno("cannot make an event descriptor");
  }
  return event;
}

void raise(int event) {
  const std::uint64_t one = 1;
  (void)!::write(event, &one, sizeof one);
}

// Waits for the first descriptor's events, or for the second one to be readable: then false.
template <std::size_t kCount>
bool wait_for(std::array<pollfd, kCount>& entries) {
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return entries[1].revents == 0;
}

// As read(2), but without EINTR. -1 and EAGAIN: nothing yet.
ssize_t read_some(int descriptor, Piece& piece) {
  ssize_t size = 0;
  do {
    size = ::read(descriptor, piece.data(), piece.size());
  } while (size < 0 && errno == EINTR);
  return size;
}

// To the session, which reads or closes: this blocks until one of them. False: it is closed.
bool send_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return false;
    }
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    bytes += taken;
    size -= taken;
  }
  return true;
}

std::string text_of(int error) {
  return error == 0 ? std::string() : std::generic_category().message(error);
}

}  // namespace

CatPump::CatPump(int input, int output, std::function<void()> on_output_over)
    : input_(input), output_(output), on_output_over_(std::move(on_output_over)) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw_errno("cannot make a pair of sockets");
  }
  our_end_ = pair[0];
  session_end_ = pair[1];
  stop_input_ = make_event();
  give_up_ = make_event();
  input_thread_ = std::thread([this] { carry_input(); });
  output_thread_ = std::thread([this] { carry_output(); });
}

CatPump::~CatPump() {
  if (session_end_ >= 0) {
    ::close(session_end_);
  }
  raise(give_up_);
  output_thread_.join();
  input_thread_.join();  // carry_output() ends it, too
  for (const int descriptor : {our_end_, stop_input_, give_up_}) {
    ::close(descriptor);
  }
}

int CatPump::take_session_end() {
  return std::exchange(session_end_, -1);
}

void CatPump::stop_input() {
  raise(stop_input_);
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
    // What the session no longer takes it tells itself.
    if (size <= 0 || !send_all(our_end_, piece.data(), static_cast<std::size_t>(size))) {
      break;
    }
  }
  ::shutdown(our_end_, SHUT_WR);
}

// False: it is to be left. Regular files are always readable.
bool CatPump::wait_for_input() const {
  std::array<pollfd, 2> entries{pollfd{.fd = input_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = stop_input_, .events = POLLIN, .revents = 0}};
  return wait_for(entries);
}

void CatPump::carry_output() {
  Piece piece;
  while (wait_for_messages()) {
    const ssize_t size = read_some(our_end_, piece);
    if (size <= 0 || !write_output(piece.data(), static_cast<std::size_t>(size))) {
      break;
    }
  }
  stop_input();
  // Ends an input thread that is blocked because the session reads nothing any more.
  ::shutdown(our_end_, SHUT_RDWR);
  on_output_over_();
}

// False: the output's reader has left, which is noticed while there is nothing to write, too.
bool CatPump::wait_for_messages() {
  std::array<pollfd, 3> entries{pollfd{.fd = our_end_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = give_up_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = output_, .events = 0, .revents = 0}};
  if (!wait_for(entries)) {
    return false;
  }
  if (entries[0].revents == 0 && (entries[2].revents & (POLLERR | POLLHUP)) != 0) {
    lose_output(EPIPE);
    return false;
  }
  return true;
}

// A pipe that is writable takes PIPE_BUF bytes without blocking, so a reader that stalls never
// keeps the program from ending.
bool CatPump::write_output(const char* bytes, std::size_t size) {
  while (size > 0) {
    if (!wait_for_output()) {
      return false;
    }
    const ssize_t written = ::write(output_, bytes, std::min<std::size_t>(size, PIPE_BUF));
    if (written < 0 && errno != EAGAIN && errno != EINTR) {
      lose_output(errno);
      return false;
    }
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    bytes += taken;
    size -= taken;
  }
  return true;
}

bool CatPump::wait_for_output() const {
  std::array<pollfd, 2> entries{pollfd{.fd = output_, .events = POLLOUT, .revents = 0},
                                pollfd{.fd = give_up_, .events = POLLIN, .revents = 0}};
  return wait_for(entries);
}

void CatPump::lose_output(int error) {
  if (error == EPIPE) {
    is_output_gone_ = true;
  } else {
    output_errno_ = error;
  }
}

}  // namespace wsbridged
