// SPDX-License-Identifier: MIT
// A listening socket of a bridge: binds by the rules for modes, owners and stale sockets, accepts,
// backs off when the system is out of descriptors or memory.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>

#include "config/config.h"

namespace wsbridged {

enum class PortUse : unsigned char;  // listener_tcp.h
struct SocketAddress;

// Who connected.
struct Peer {
  // Whom a PROXY header named; without an address it is a Unix socket of the proxy's machine.
  struct Announced {
    std::string address;
    std::uint16_t port = 0;
  };

  std::string address{};  // "127.0.0.1", "::1"; empty for Unix
  std::uint16_t port = 0;
  bool is_unix = false;
  std::optional<uid_t> uid{};  // Unix only
  std::optional<gid_t> gid{};
  std::optional<pid_t> pid{};
  bool is_abstract = false;     // over an abstract Unix socket
  std::vector<gid_t> groups{};  // supplementary ones, when somebody asked: see add_groups()
  std::optional<Announced> announced{};
  // "127.0.0.1:50312", "uid 1000 pid 4242"; the announced one, if there is one.
  [[nodiscard]] std::string to_string() const;
  // The same of who is at the other end of the socket.
  [[nodiscard]] std::string socket_to_string() const;
};

struct ListeningSocket;
struct ListenPlace;

inline constexpr int kLastAccepts = 1024;
inline constexpr std::size_t kMaxTurnedAway = 4096;  // of a Unix socket, more are not counted

// Belongs to its loop's thread. Destroying it closes the socket; a Unix path that it made is
// removed.
class Listener {
 public:
  // The descriptor (non-blocking, close-on-exec; for TCP with NODELAY and keepalive) belongs to the
  // callee.
  using OnAccept = std::function<void(int descriptor, Peer peer)>;
  // Accepting paused or went on: `error` names the cause when it paused. For the log.
  using OnPause = std::function<void(const std::string& error)>;

  // Binds everything that `listen` stands for: "localhost" every address it resolves to (with one
  // port number for all, also when it is 0). The error says what failed, where and what to do; with
  // it nothing stays bound.
  // Precondition: the address of `place` is no SystemdAddress.
  [[nodiscard]] static ws::Result<std::vector<std::unique_ptr<Listener>>> open(
      ws::EventLoop& loop, const ListenPlace& place);
  // Looks names up first.
  [[nodiscard]] static ws::Result<std::vector<std::unique_ptr<Listener>>> open(
      ws::EventLoop& loop, const config::Listen& listen);
  // The first half of open(): until begin_listening() nobody comes to a TCP socket by this. A Unix
  // socket listens at once, as one that is bound and does not answer looks like a dead one.
  [[nodiscard]] static ws::Result<std::vector<std::unique_ptr<Listener>>> bind(
      ws::EventLoop& loop, const ListenPlace& place);
  // The same as open() on sockets that listen already.
  [[nodiscard]] static std::vector<std::unique_ptr<Listener>> adopt(
      ws::EventLoop& loop, std::vector<ListeningSocket> sockets);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The second half, no effect on one that listens. What was bound with a shared port takes the
  // others to be shared once more.
  [[nodiscard]] std::optional<ws::Error> begin_listening();

  // Makes the socket what `place`, which has the same address, says: backlog, mode, owner, group.
  // Returns what could not be changed; a plain "" for owner or group leaves them.
  [[nodiscard]] std::optional<ws::Error> change(const ListenPlace& place);

  // Is one of `addresses` (all with `port`) the TCP address of this socket, or within it, or around
  // it? Then both can be bound only with a shared port.
  [[nodiscard]] bool meets(const std::vector<SocketAddress>& addresses, std::uint16_t port) const;
  // No effect on Unix sockets, and on those that others have as well.
  void set_port_use(PortUse use);

  // Begins to accept, or goes on with other callbacks. They may pause or destroy the listener; what
  // they throw comes out of EventLoop::run().
  void start(OnAccept on_accept, OnPause on_pause);
  // Leaves further connections in the accept queue, and takes them again (max_connections).
  void pause();
  void resume();
  // To be called before the listener is destroyed, which resets who waits in its queue: lets nobody
  // in any more, and accepts what waits, up to kLastAccepts, unless it is paused. A TCP client that
  // comes now is not answered; it tries again, by which time another listener may have the port.
  // A socket that was passed to us is left as it is: its queue lives on with whoever passed it.
  // Returns how many are turned away nevertheless.
  std::size_t accept_last();

  // With the port really bound: "127.0.0.1:7001", "[::1]:7001", "unix:/run/x.sock", "unix:@name".
  [[nodiscard]] const std::string& address() const;

 private:
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wsbridged
