// SPDX-License-Identifier: MIT
// getaddrinfo on a few threads, so that nsswitch, mDNS and /etc/hosts work as everywhere else.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>

namespace ws {

namespace net {
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// "192.0.2.1:443", "[2001:db8::1]:443".
[[nodiscard]] std::string to_string(const Address& address);
}  // namespace net

// Thread-safe. Threads are started on first use; a look-up that hangs at destruction is left
// behind.
class Resolver {
 public:
  using Callback = std::function<void(Result<std::vector<net::Address>>)>;
  // Injected in tests instead of getaddrinfo.
  using Lookup =
      std::function<Result<std::vector<net::Address>>(const std::string& host, std::uint16_t port)>;

  Resolver();
  explicit Resolver(Lookup lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // A look-up under way. Destroying it cancels: the callback is not called any more.
  class Request;
  // Calls `on_done` on `loop`'s thread, in a later turn.
  [[nodiscard]] std::unique_ptr<Request> resolve(EventLoop& loop, const std::string& host,
                                                 std::uint16_t port, Callback on_done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ws
