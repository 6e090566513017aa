// SPDX-License-Identifier: MIT
// getaddrinfo on a few threads, so that nsswitch, mDNS and /etc/hosts work as everywhere else.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

// "192.0.2.1:443", "[2001:db8::1]:443", "unix:/run/x.sock", "unix:@abstract".
[[nodiscard]] std::string to_string(const Address& address);

// The address that `host` spells, IPv6 without brackets; nullopt for a name. It needs no look-up.
[[nodiscard]] std::optional<Address> parse_address_literal(const std::string& host,
                                                           std::uint16_t port);

// getaddrinfo, blocking: addresses in the order of RFC 6724, or an error of phase kResolve in the
// system's words.
[[nodiscard]] Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port);
}  // namespace net

// Thread-safe. Threads are started on first use; a look-up that hangs at destruction is left
// behind. Limits: kThreads threads; kMaxNames distinct names waiting or under way, beyond which a
// request fails.
class Resolver {
 public:
  using Callback = std::function<void(Result<std::vector<net::Address>>)>;
  // Injected in tests instead of getaddrinfo. Called on several threads at once.
  using Lookup =
      std::function<Result<std::vector<net::Address>>(const std::string& host, std::uint16_t port)>;

  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kMaxNames = 256;

  Resolver();
  explicit Resolver(Lookup lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  class Request;
  // Calls `on_done` on `loop`'s thread, in a later turn.
  [[nodiscard]] std::unique_ptr<Request> resolve(EventLoop& loop, const std::string& host,
                                                 std::uint16_t port, Callback on_done);

 private:
  struct Waiter;
  struct State;
  std::shared_ptr<State> state_;
};

// A look-up under way; it keeps its loop running, and may outlive the Resolver. Destroying it
// cancels, also from inside the callback: that is not called any more. Belongs to its loop's
// thread.
class Resolver::Request {
 public:
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

 private:
  friend class Resolver;
  Request(EventLoop& loop, std::shared_ptr<State> state, std::string key, Callback on_done);
  void deliver(Result<std::vector<net::Address>> result);

  std::shared_ptr<State> state_;
  std::string key_;
  Callback on_done_;
  Timer keep_alive_;
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace ws
