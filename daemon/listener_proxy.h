// SPDX-License-Identifier: MIT
// Connections that have to begin with a PROXY header, until they have: read on the main thread's
// loop, a bounded number of them for a bounded time. Exactly the header is taken off a connection;
// what follows stays in the kernel for the session.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include <ws/event_loop.h>

#include "daemon/bridge.h"
#include "daemon/listener.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

// An accepted connection on its way to a session. It counts as one already.
struct Arrival {
  SessionSlot slot;
  Descriptor descriptor;
  Peer peer;
};

// Belongs to its loop's thread. Destroying it closes what still waits.
class ProxyHeaderRoom {
 public:
  static constexpr std::size_t kMaxWaiting = 128;  // one more sends the oldest away
  static constexpr std::chrono::milliseconds kTimeLimit{5'000};

  struct Callbacks {
    // With Peer::announced, unless the header named nobody.
    std::function<void(Arrival)> on_header;
    std::function<void(const Peer& peer, const std::string& cause)> on_refuse;
    std::function<void(const Peer& peer)> on_leave;  // it went without having sent a byte
  };

  ProxyHeaderRoom(ws::EventLoop& loop, Callbacks callbacks,
                  std::chrono::milliseconds time_limit = kTimeLimit);
  ~ProxyHeaderRoom();
  ProxyHeaderRoom(const ProxyHeaderRoom&) = delete;
  ProxyHeaderRoom& operator=(const ProxyHeaderRoom&) = delete;

  // May call on_refuse, for the oldest.
  void wait_for(Arrival arrival);

  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting;

  void read(Waiting& waiting);
  void refuse(Waiting& waiting, const std::string& cause);
  Arrival take(Waiting& waiting);

  ws::EventLoop& loop_;
  Callbacks callbacks_;
  std::chrono::milliseconds time_limit_;
  std::list<std::unique_ptr<Waiting>> waiting_;  // the oldest first
};

}  // namespace wsbridged
