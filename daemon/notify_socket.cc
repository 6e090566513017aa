// SPDX-License-Identifier: MIT
#include "daemon/notify_socket.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "daemon/environment_number.h"

namespace wsbridged {
namespace {

constexpr const char* kSocketVariable = "NOTIFY_SOCKET";
constexpr const char* kTimeVariable = "WATCHDOG_USEC";
constexpr const char* kWatchdogPidVariable = "WATCHDOG_PID";

// A day: what is longer is nobody's watchdog, and fits into every clock.
constexpr std::uint64_t kLongestWatchdog = 86'400'000'000;

}  // namespace

NotifySocket::NotifySocket(std::string_view address) {
  const bool is_known = address.starts_with('/') || address.starts_with('@');
  if (!is_known || address.size() < 2 || address.size() >= sizeof name_.sun_path) {
    return;
  }
  descriptor_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool is_abstract = address.front() == '@';
  name_.sun_family = AF_UNIX;
  std::memcpy(name_.sun_path, address.data(), address.size());
  name_.sun_path[0] = is_abstract ? '\0' : '/';
  // An abstract name has its exact length, a path the NUL behind it as well.
  length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                   (is_abstract ? 0 : 1));
}

int NotifySocket::send(std::string_view state) const {
  if (!has_listener()) {
    return 0;
  }
  const auto* const to = reinterpret_cast<const sockaddr*>(&name_);
  while (sendto(descriptor_.get(), state.data(), state.size(), MSG_NOSIGNAL, to, length_) < 0) {
    if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

ServiceEnvironment ServiceEnvironment::from(const config::Environment& environment, pid_t self) {
  ServiceEnvironment service;
  service.notify_socket = environment(kSocketVariable).value_or("");
  const auto time = parse_number(environment(kTimeVariable));
  const auto pid = parse_number(environment(kWatchdogPidVariable));
  // Without a pid it is meant for whoever reads it (sd_watchdog_enabled(3)).
  const bool is_ours =
      !environment(kWatchdogPidVariable) || pid == static_cast<std::uint64_t>(self);
  if (time && is_ours && *time > 0 && *time <= kLongestWatchdog) {
    service.watchdog_time = std::chrono::microseconds(*time);
  }
  return service;
}

ServiceEnvironment ServiceEnvironment::of_process() {
  ServiceEnvironment service = from(config::process_environment(), getpid());
  for (const char* variable : {kSocketVariable, kTimeVariable, kWatchdogPidVariable}) {
    unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): before any thread
  }
  return service;
}

}  // namespace wsbridged
