// SPDX-License-Identifier: MIT
#include "daemon/admin_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/listener_socket.h"
#include "daemon/peer.h"

namespace wsbridged {

namespace {

using Clock = std::chrono::steady_clock;
using OnBody = std::function<bool(std::string_view)>;

constexpr int kBacklogPause = 20;  // ms

std::string advice_for(int system_errno) {
  switch (system_errno) {
    case ENOENT:
    case ECONNREFUSED:
      return " (is wsbridged running, with admin.listen there? name another address with --admin)";
    case EACCES:
      return " (only the user that wsbridged runs as, and root, may connect)";
    default:
      return "";
  }
}

ws::Error call_error(const config::Address& address, std::string_view what, int system_errno = 0) {
  ws::Error error;
  error.phase = ws::Phase::kConnect;
  error.code = ws::ErrorCode::kConnectFailed;
  error.system_errno = system_errno;
  error.message = config::to_string(address) + ": " + std::string(what);
  if (system_errno != 0) {
    error.message += std::generic_category().message(system_errno) + advice_for(system_errno);
  }
  return error;
}

std::optional<SocketAddress> unix_address(const config::UnixAddress& from) {
  sockaddr_un name{};
  if (from.path.size() >= sizeof name.sun_path) {
    return std::nullopt;
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path + (from.abstract ? 1 : 0), from.path.data(), from.path.size());
  SocketAddress to;
  std::memcpy(&to.storage, &name, sizeof name);
  to.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + from.path.size() + 1);
  return to;
}

// Everything that the address stands for; all addresses are this machine's.
std::vector<SocketAddress> addresses_of(const config::Address& address) {
  if (const auto* on_unix = std::get_if<config::UnixAddress>(&address)) {
    const auto one = unix_address(*on_unix);
    return one ? std::vector{*one} : std::vector<SocketAddress>();
  }
  const auto& tcp = std::get<config::TcpAddress>(address);
  const std::string host =
      tcp.host.empty() || tcp.host == "0.0.0.0" || tcp.host == "::" ? "localhost" : tcp.host;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(tcp.port).c_str(), &hints, &list) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::vector<SocketAddress> all;
  for (; list != nullptr; list = list->ai_next) {
    SocketAddress& one = all.emplace_back();
    std::memcpy(&one.storage, list->ai_addr, list->ai_addrlen);
    one.length = list->ai_addrlen;
  }
  return all;
}

std::string host_field(const config::Address& address) {
  const auto* tcp = std::get_if<config::TcpAddress>(&address);
  return tcp == nullptr || tcp->host.empty() ? "localhost" : config::to_string(address);
}

std::string request_text(const config::Address& address, const AdminCall& call) {
  std::string text = call.method + " " + call.path + " HTTP/1.1\r\nHost: " + host_field(address);
  text += "\r\nConnection: close\r\n";
  text += call.method == "POST" ? "Content-Length: 0\r\n" : "";
  text += call.token.empty() ? "" : "Authorization: Bearer " + call.token + "\r\n";
  return text + "\r\n";
}

class Exchange {
 public:
  Exchange(const config::Address& address, const AdminCall& call)
      : address_(address), call_(call), end_(Clock::now() + call.timeout) {}

  ws::Result<AdminReply> run(const OnBody& on_body);

 private:
  using Failure = std::optional<ws::Error>;
  Failure connect();
  int connect_to(const SocketAddress& to);
  [[nodiscard]] bool wait_for_backlog() const;
  [[nodiscard]] int connect_result() const;
  Failure send();
  // Received bytes; none at the end.
  ws::Result<std::string> receive();
  ws::Result<AdminReply> read_head();
  // The time is over: false. Without a deadline it waits until nobody reads the output any more.
  [[nodiscard]] bool wait(short events) const;

  const config::Address& address_;
  const AdminCall& call_;
  std::optional<Clock::time_point> end_;
  Descriptor socket_;
};

bool Exchange::wait(short events) const {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  for (;;) {
    int timeout = -1;
    if (end_) {
      timeout = static_cast<int>(
          std::max(ceil<milliseconds>(*end_ - Clock::now()), milliseconds(0)).count());
    }
    std::array<pollfd, 2> waited{{{.fd = socket_.get(), .events = events, .revents = 0},
                                  {.fd = end_ ? -1 : call_.output, .events = 0, .revents = 0}}};
    const int ready = poll(waited.data(), waited.size(), timeout);
    if (ready >= 0 || errno != EINTR) {
      return ready > 0 && waited[1].revents == 0;
    }
  }
}

int Exchange::connect_to(const SocketAddress& to) {
  socket_ = Descriptor(socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) {
    return errno;
  }
  while (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0) {
    if (errno == EINPROGRESS) {
      return connect_result();
    }
    if (errno != EAGAIN) {
      return errno;
    }
    if (!wait_for_backlog()) {
      return ETIMEDOUT;
    }
  }
  return 0;
}

// A Unix socket whose queue of connections is full tells nobody when it has room again.
bool Exchange::wait_for_backlog() const {
  static_cast<void>(poll(nullptr, 0, kBacklogPause));
  return !end_ || Clock::now() < *end_;
}

// Of a connection over TCP that was under way.
int Exchange::connect_result() const {
  int error = 0;
  socklen_t length = sizeof error;
  if (!wait(POLLOUT)) {
    return ETIMEDOUT;
  }
  return getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

Exchange::Failure Exchange::connect() {
  const auto all = addresses_of(address_);
  if (all.empty()) {
    return call_error(address_, "no such host, or the path is too long");
  }
  int error = 0;
  for (const SocketAddress& to : all) {
    error = connect_to(to);
    if (error == 0) {
      return std::nullopt;
    }
  }
  return call_error(address_, "", error);
}

Exchange::Failure Exchange::send() {
  const std::string text = request_text(address_, call_);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return call_error(address_, "", errno);
    } else if (!wait(POLLOUT)) {
      return call_error(address_, "no answer in time");
    }
  }
  return std::nullopt;
}

ws::Result<std::string> Exchange::receive() {
  std::array<char, 16384> bytes{};
  for (;;) {
    if (!wait(POLLIN)) {
      return end_ ? ws::Result<std::string>(call_error(address_, "no answer in time"))
                  : std::string();
    }
    const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (size >= 0) {
      return std::string(bytes.data(), static_cast<std::size_t>(size));
    }
    if (errno != EAGAIN && errno != EINTR) {
      return call_error(address_, "", errno);
    }
  }
}

// Up to the empty line; the body's first bytes come with it.
ws::Result<AdminReply> Exchange::read_head() {
  constexpr std::string_view kProtocol = "HTTP/1.1 ";
  std::string head;
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    auto received = receive();
    if (!received) {
      return received.error();
    }
    if (received->empty() || head.size() > kMaxAdminReply) {
      return call_error(address_, "something else than wsbridged answers there");
    }
    head += *received;
    end = head.find("\r\n\r\n");
  }
  AdminReply reply;
  if (!head.starts_with(kProtocol) ||
      std::from_chars(head.data() + kProtocol.size(), head.data() + end, reply.status).ec !=
          std::errc()) {
    return call_error(address_, "something else than wsbridged answers there");
  }
  reply.body = head.substr(end + 4);
  return reply;
}

ws::Result<AdminReply> Exchange::run(const OnBody& on_body) {
  if (auto failure = connect()) {
    return std::move(*failure);
  }
  if (auto failure = send()) {
    return std::move(*failure);
  }
  auto reply = read_head();
  if (!reply) {
    return reply;
  }
  const bool is_told = on_body && reply->status == 200;
  if (is_told) {
    end_.reset();
    if (!on_body(std::exchange(reply->body, {}))) {
      return reply;
    }
  }
  while (true) {
    auto received = receive();
    if (!received) {
      return received.error();
    }
    if (received->empty() || (is_told && !on_body(*received))) {
      return reply;
    }
    reply->body += is_told ? "" : *received;
    if (reply->body.size() > kMaxAdminReply) {
      return call_error(address_, "the answer is longer than 64 MiB");
    }
  }
}

}  // namespace

ws::Result<AdminReply> call_admin(const config::Address& address, const AdminCall& call) {
  return Exchange(address, call).run({});
}

ws::Result<AdminReply> call_admin(const config::Address& address, const AdminCall& call,
                                  const std::function<bool(std::string_view)>& on_body) {
  return Exchange(address, call).run(on_body);
}

}  // namespace wsbridged
