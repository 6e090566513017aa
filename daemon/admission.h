// SPDX-License-Identifier: MIT
// The way of a bridge's accepted connections to a session: judged by its access lists, and, when
// they come from a proxy, judged again by whom its PROXY header names. Whoever is refused is
// disconnected here and never dialled for.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <ws/event_loop.h>

#include "config/config.h"
#include "daemon/access.h"
#include "daemon/bridge.h"
#include "daemon/listener.h"
#include "daemon/listener_proxy.h"
#include "daemon/listener_socket.h"
#include "daemon/log.h"
#include "daemon/refusals.h"

namespace wsbridged {

// Belongs to its loop's thread. Destroying it disconnects those that still owe a header.
class Admission {
 public:
  using OnAdmit = std::function<void(Arrival arrival)>;

  Admission(ws::EventLoop& loop, Log& log, std::shared_ptr<Bridge> bridge, AccessList access);

  // Before the first call of receive().
  void on_admit(OnAdmit callback) { on_admit_ = std::move(callback); }

  // May call on_admit.
  void receive(const config::ProxyProtocol& proxy_protocol, Descriptor descriptor, Peer peer);

  // Connections that owe a header; they are among the bridge's session_count().
  [[nodiscard]] std::size_t waiting_count() const { return room_.size(); }

 private:
  [[nodiscard]] bool admits(const Peer& peer);
  void receive_announced(Arrival arrival);

  Log& log_;
  std::shared_ptr<Bridge> bridge_;
  AccessList access_;
  OnAdmit on_admit_;
  Refusals refusals_;
  ProxyHeaderRoom room_;
};

}  // namespace wsbridged
