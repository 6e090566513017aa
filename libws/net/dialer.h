// SPDX-License-Identifier: MIT
// From a host name to a connected stream: resolve, connect (RFC 8305), proxy, TLS. A source of
// streams: what it leaves out (a shared HTTP/2 connection) is another source behind the same
// interface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>
#include <ws/net/stream.h>
#include <ws/opening_times.h>
#include <ws/options.h>

#include "net/tls_session.h"
#include "protocol/proxy_dialogue.h"

namespace ws::net {

struct DialTarget {
  std::string host{};  // a name, or an address literal (IPv6 without brackets)
  std::uint16_t port = 0;
  std::vector<std::string> addresses{};  // literals, instead of a look-up of host
  std::string unix_path{};               // instead of host and port
  // What to say before the connection is the server's; host and port are then the proxy's.
  std::unique_ptr<protocol::ProxyDialogue> proxy{};
  bool secure = false;
  // With secure. An empty server_name is the host, which it must not be behind a proxy.
  TlsTarget tls{};
};

struct Dialled {
  std::unique_ptr<Stream> stream;  // paused, without handler
  std::string remote_address;      // "192.0.2.1:443", "[2001:db8::1]:443", "unix:/path"; a proxy's
};

// One attempt, started by the constructor. `on_done` is called once, in a later turn. Destroying
// the dialer cancels, also from inside on_done. It has no time limit of its own: the caller's one
// deadline covers it, and phase() tells where it stood. An error lists every address that was
// tried.
class Dialer {
 public:
  using Callback = std::function<void(Result<Dialled>)>;
  Dialer(EventLoop& loop, DialTarget target, Callback on_done);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  [[nodiscard]] Phase phase() const;
  // Of the phases so far.
  [[nodiscard]] OpeningTimes times() const;
  // What is being waited for ("resolving chat.example.com", "connecting to 192.0.2.1:443, …").
  [[nodiscard]] std::string progress() const;
  // At the deadline: a better answer than the deadline, when a proxy has given one but for its end.
  [[nodiscard]] std::optional<Error> give_up();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws::net
