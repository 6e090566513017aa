// SPDX-License-Identifier: MIT
// The demo's line client, on plain blocking-by-poll sockets: it must not share code with what it
// tries.
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>

#include "config/address.h"
#include "daemon/demo.h"
#include "daemon/listener_socket.h"
#include "daemon/peer.h"

namespace wsbridged {
namespace {

using Clock = std::chrono::steady_clock;
using Replies = std::vector<std::string>;

ws::Error talk_error(ws::ErrorCode code, const std::string& address, const std::string& what,
                     int system_errno = 0) {
  std::string message = "talk to " + address + ": " + what;
  if (system_errno != 0) {
    message += (what.empty() ? "" : ": ") + std::generic_category().message(system_errno);
  }
  return {.phase = ws::Phase::kConnect,
          .code = code,
          .message = std::move(message),
          .system_errno = system_errno};
}

bool fill_unix(const config::UnixAddress& from, SocketAddress& to) {
  sockaddr_un name{};
  if (from.path.size() >= sizeof name.sun_path) {
    return false;
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path + (from.abstract ? 1 : 0), from.path.data(), from.path.size());
  std::memcpy(&to.storage, &name, sizeof name);
  to.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + from.path.size() + 1);
  return true;
}

bool fill_tcp(const config::TcpAddress& from, SocketAddress& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (getaddrinfo(from.host.c_str(), std::to_string(from.port).c_str(), &hints, &list) != 0) {
    return false;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::memcpy(&to.storage, list->ai_addr, list->ai_addrlen);
  to.length = list->ai_addrlen;
  return true;
}

bool fill(const std::string& text, SocketAddress& to) {
  const auto parsed = config::parse_address(text);
  const auto* address = std::get_if<config::Address>(&parsed);
  if (address == nullptr) {
    return false;
  }
  if (const auto* on_unix = std::get_if<config::UnixAddress>(address)) {
    return fill_unix(*on_unix, to);
  }
  const auto* const on_tcp = std::get_if<config::TcpAddress>(address);
  return on_tcp != nullptr && fill_tcp(*on_tcp, to);
}

class Conversation {
 public:
  Conversation(const std::string& address, const Replies& lines, std::chrono::milliseconds limit)
      : address_(address), wanted_(lines.size()), end_(Clock::now() + limit) {
    for (const std::string& line : lines) {
      outgoing_.append(line).append("\n");
    }
  }

  ws::Result<Replies> run();

 private:
  // The first error, 0: none, EINPROGRESS does not come back.
  int connect_to(const SocketAddress& to);
  // False when the time is over.
  bool wait(short events);
  int send_some();
  int receive_some();
  void cut_lines();

  const std::string& address_;
  std::size_t wanted_;
  Clock::time_point end_;
  Descriptor socket_;
  std::string outgoing_;
  std::string incoming_;  // the incomplete line
  std::size_t received_ = 0;
  Replies replies_;
  bool has_ended_ = false;
};

ws::Result<Replies> Conversation::run() {
  SocketAddress to;
  if (!fill(address_, to)) {
    return talk_error(ws::ErrorCode::kInvalidOption, address_, "not an address");
  }
  if (const int error = connect_to(to)) {
    return talk_error(ws::ErrorCode::kConnectFailed, address_, "", error);
  }
  while (replies_.size() < wanted_) {
    const int unsent = outgoing_.empty() ? 0 : POLLOUT;
    if (!wait(static_cast<short>(POLLIN | unsent))) {
      return talk_error(ws::ErrorCode::kTimeout, address_,
                        std::to_string(replies_.size()) + " of " + std::to_string(wanted_) +
                            " lines came back in time");
    }
    const int failed_send = send_some();
    const int error = failed_send != 0 ? failed_send : receive_some();
    if (error != 0) {
      return talk_error(ws::ErrorCode::kConnectionLost, address_, "", error);
    }
    cut_lines();
    if (replies_.size() < wanted_ && (has_ended_ || received_ > kMaxReplyBytes)) {
      return talk_error(ws::ErrorCode::kConnectionLost, address_,
                        has_ended_ ? "it ended before all lines came back" : "too long a reply");
    }
  }
  return std::move(replies_);
}

int Conversation::connect_to(const SocketAddress& to) {
  socket_ = Descriptor(socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) {
    return errno;
  }
  if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  if (!wait(POLLOUT)) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

bool Conversation::wait(short events) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    if (left <= 0) {
      return false;
    }
    pollfd watched{.fd = socket_.get(), .events = events, .revents = 0};
    constexpr long longest_poll = 60'000;
    if (poll(&watched, 1, static_cast<int>(std::min<long>(left, longest_poll))) > 0) {
      return true;
    }
  }
}

int Conversation::send_some() {
  if (outgoing_.empty()) {
    return 0;
  }
  const auto sent = send(socket_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    return errno == EAGAIN ? 0 : errno;
  }
  outgoing_.erase(0, static_cast<std::size_t>(sent));
  return 0;
}

int Conversation::receive_some() {
  std::array<char, 65536> buffer{};
  const auto received = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (received < 0) {
    return errno == EAGAIN ? 0 : errno;
  }
  has_ended_ = received == 0;
  received_ += static_cast<std::size_t>(received);
  incoming_.append(buffer.data(), static_cast<std::size_t>(received));
  return 0;
}

void Conversation::cut_lines() {
  std::size_t start = 0;
  for (auto end = incoming_.find('\n'); end != std::string::npos && replies_.size() < wanted_;
       end = incoming_.find('\n', start)) {
    replies_.push_back(incoming_.substr(start, end - start));
    start = end + 1;
  }
  incoming_.erase(0, start);
}

}  // namespace

ws::Result<Replies> talk(const std::string& address, const Replies& lines,
                         std::chrono::milliseconds limit) {
  return Conversation(address, lines, limit).run();
}

}  // namespace wsbridged
