// SPDX-License-Identifier: MIT
// One non-blocking connect() to one address, TCP or Unix.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <ws/event_loop.h>

#include "net/resolver.h"

struct event;

namespace ws::net {

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}

  ~Descriptor();

  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}

  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return number_; }

  [[nodiscard]] int release() noexcept;

 private:
  int number_;
};

// The address of a Unix socket; "@name" is an abstract one. nullopt: longer than the 107 bytes that
// the system takes.
[[nodiscard]] std::optional<Address> unix_address(const std::string& path);

// A TCP socket that was connected to its own address: the kernel does that when the port it picked
// is the one that nobody listens on.
[[nodiscard]] bool is_self_connected(int descriptor);

// An attempt under way, started by the constructor. `on_done` is called once, in a later turn, with
// 0 or the errno of the failure; it may destroy the object. A Unix listener whose backlog is full
// is asked again every kUnixRetryDelay, as long as the object lives: the caller's deadline ends it.
class ConnectingSocket {
 public:
  using Callback = std::function<void(int error)>;
  static constexpr std::chrono::milliseconds kUnixRetryDelay{20};

  ConnectingSocket(EventLoop& loop, const Address& address, Callback on_done);
  ~ConnectingSocket();
  ConnectingSocket(const ConnectingSocket&) = delete;
  ConnectingSocket& operator=(const ConnectingSocket&) = delete;

  [[nodiscard]] const Address& address() const { return address_; }

  // After success: a non-blocking, close-on-exec socket.
  [[nodiscard]] Descriptor take_descriptor() { return std::move(descriptor_); }

 private:
  struct FreeEvent {
    void operator()(event* item) const noexcept;
  };

  static void handle_event(int descriptor, short what, void* self) noexcept;
  [[nodiscard]] int open_socket();
  void connect();
  void finish_later(int error);
  [[nodiscard]] int outcome() const;

  EventLoop& loop_;
  Address address_;
  Callback on_done_;
  Descriptor descriptor_;
  std::unique_ptr<event, FreeEvent> event_;  // goes before the descriptor it watches
  std::optional<int> known_outcome_;
  std::unique_ptr<Timer> retry_;
};

}  // namespace ws::net
