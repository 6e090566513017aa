// SPDX-License-Identifier: MIT
// Several addresses of one host, raced as RFC 8305 says: the first TCP connection wins.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>

#include "net/connect_socket.h"
#include "net/happy_eyeballs.h"

namespace ws::net {

struct ConnectedSocket {
  Descriptor descriptor;
  Address address;
};

// A race under way, started by the constructor. `on_done` is called once, in a later turn, and may
// destroy the race; the losers are closed by then. An error lists every address with its reason.
// Destroying it cancels. It has no time limit of its own.
class ConnectRace {
 public:
  using Callback = std::function<void(Result<ConnectedSocket>)>;

  // Precondition: there is an address.
  ConnectRace(EventLoop& loop, const std::vector<Address>& addresses, Callback on_done);
  ~ConnectRace() = default;
  ConnectRace(const ConnectRace&) = delete;
  ConnectRace& operator=(const ConnectRace&) = delete;

  // "connecting to 192.0.2.1:443, 192.0.2.2:443 ([2001:db8::1]:443: Network is unreachable)": the
  // attempts under way, and those that have failed.
  [[nodiscard]] std::string progress() const;

 private:
  void start_due_attempts();
  void attempt_done(std::size_t index, int error);
  void attempt_failed(std::size_t index, int error);
  void note(std::size_t index, int error);
  void finish(Result<ConnectedSocket> result);
  [[nodiscard]] std::string reasons() const;
  [[nodiscard]] Error all_failed() const;

  struct Failure {
    Address address;
    int error = 0;
  };

  EventLoop& loop_;
  Callback on_done_;
  std::vector<Address> addresses_;
  AttemptPacing pacing_;
  std::vector<std::unique_ptr<ConnectingSocket>> attempts_;  // by index; nullptr: failed
  std::vector<Failure> failures_;                            // in the order they happened
  Timer stagger_;
};

}  // namespace ws::net
