// SPDX-License-Identifier: MIT
// What is said to a proxy on a new connection before it becomes the server's, as an interface
// without I/O: bytes in, bytes out. http_connect.h and socks5.h are the dialogues that there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <ws/error.h>

namespace ws::protocol {

// One attempt. Not thread-safe.
class ProxyDialogue {
 public:
  enum class Progress : std::uint8_t { kNeedMore, kDone, kFailed };

  struct Step {
    Progress progress = Progress::kNeedMore;
    std::size_t taken = 0;  // of the bytes given; behind kDone the rest is the server's
  };

  virtual ~ProxyDialogue() = default;
  ProxyDialogue(const ProxyDialogue&) = delete;
  ProxyDialogue& operator=(const ProxyDialogue&) = delete;

  // What is to be sent now; ask at the beginning and after each receive().
  [[nodiscard]] virtual std::string take_output() = 0;
  // Takes bytes in any chunking: all of them, unless the step is the last.
  [[nodiscard]] virtual Step receive(std::span<const std::byte> bytes) = 0;
  // The proxy's FIN. kFailed.
  [[nodiscard]] virtual Progress receive_eof() = 0;

  // The deadline has passed, or the connection broke: kFailed when the proxy has already refused
  // and only the rest of its words is missing; kNeedMore when it has not.
  [[nodiscard]] virtual Progress give_up() { return Progress::kNeedMore; }

  // After kFailed; phase kProxy.
  [[nodiscard]] virtual const Error& error() const = 0;

  // "192.0.2.1:3128" and "chat.example.com:443", for messages.
  [[nodiscard]] virtual const std::string& proxy() const = 0;
  [[nodiscard]] virtual const std::string& destination() const = 0;

 protected:
  ProxyDialogue() = default;
};

}  // namespace ws::protocol
