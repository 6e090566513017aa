// SPDX-License-Identifier: MIT
// The way to the service manager: datagrams as sd_notify(3) sends them, to a path or an abstract
// socket. What they say is ServiceLink's business.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "config/loader.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

// Not thread-safe.
class NotifySocket {
 public:
  NotifySocket() = default;  // nobody listens: send() does nothing
  // "/PATH" or "@ABSTRACT", as NOTIFY_SOCKET has it; any other address is that of nobody.
  explicit NotifySocket(std::string_view address);

  [[nodiscard]] bool has_listener() const { return length_ > 0; }

  // Lines of KEY=VALUE. Never waits. Returns 0 or errno.
  int send(std::string_view state) const;

 private:
  // Not connected: the manager may have replaced its socket since.
  Descriptor descriptor_;
  sockaddr_un name_{};
  socklen_t length_ = 0;
};

// What the service manager wants to hear, and how often.
struct ServiceEnvironment {
  std::string notify_socket{};                               // empty: nobody
  std::optional<std::chrono::microseconds> watchdog_time{};  // restarted after this long silence

  // NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as far as they are meant for the process `self`.
  [[nodiscard]] static ServiceEnvironment from(const config::Environment& environment, pid_t self);
  // The same of this process; the variables are removed.
  [[nodiscard]] static ServiceEnvironment of_process();
};

}  // namespace wsbridged
