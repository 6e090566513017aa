// SPDX-License-Identifier: MIT
// A dialogue with a proxy on a connected socket, up to the moment when the socket is as good as the
// server's. What is said is the dialogue's affair.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <ws/error.h>
#include <ws/event_loop.h>

#include "net/connect_socket.h"
#include "protocol/proxy_dialogue.h"

namespace ws::net {

// One attempt, started by the constructor. `on_done` is called once, in a later turn, with the
// socket: not one byte behind the dialogue was read from it. Destroying the object cancels, also
// from inside on_done. It has no time limit of its own.
class ProxyTunnel {
 public:
  using Callback = std::function<void(Result<Descriptor>)>;

  ProxyTunnel(EventLoop& loop, Descriptor socket, std::unique_ptr<protocol::ProxyDialogue> dialogue,
              Callback on_done);
  ~ProxyTunnel();
  ProxyTunnel(const ProxyTunnel&) = delete;
  ProxyTunnel& operator=(const ProxyTunnel&) = delete;

  // "asking the proxy 192.0.2.1:3128 for chat.example.com:443"
  [[nodiscard]] std::string progress() const;
  // A refusal that is complete but for its last words, when nobody can wait for them any more.
  [[nodiscard]] std::optional<Error> give_up();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws::net
