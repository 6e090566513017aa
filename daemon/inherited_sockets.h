// SPDX-License-Identifier: MIT
// Listening sockets that systemd (or another program that speaks sd_listen_fds(3)) made and passed
// on: socket activation. They stay open there when this process ends, so nobody is refused while it
// is restarted, and what they are bound to is not ours to remove.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "config/loader.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

inline constexpr int kFirstInherited = 3;              // SD_LISTEN_FDS_START
inline constexpr std::size_t kMaxInherited = 4096;     // more are not looked at
inline constexpr std::size_t kMaxNamesInMessage = 20;  // of those that were passed

// Why a socket may not be listened on without allow_remote; none when it may. `listen.address` is a
// SystemdAddress; the socket's own address is what counts.
[[nodiscard]] std::optional<ws::Error> refuse_remote(int descriptor, const config::Listen& listen);

// Not thread-safe.
class InheritedSockets {
 public:
  struct Passed {
    std::string name;
    Descriptor descriptor;
  };

  InheritedSockets() = default;  // none

  explicit InheritedSockets(std::vector<Passed> passed);

  // What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES announce for the process `self`, from the
  // descriptor `first` on; each is made close-on-exec.
  [[nodiscard]] static InheritedSockets from(const config::Environment& environment, pid_t self,
                                             int first = kFirstInherited);
  // The same of this process; the variables are removed, so that no child takes them for its own.
  [[nodiscard]] static InheritedSockets of_process();

  // All sockets of that name, to listen on. Precondition: `listen.address` is a SystemdAddress.
  // Each must be a listening stream socket, and without allow_remote bound to a loopback or Unix
  // address. With an error none is taken.
  [[nodiscard]] ws::Result<std::vector<ListeningSocket>> take(const config::Listen& listen);

  // Closes those that nobody took. Returns "NAME on ADDRESS" of each.
  std::vector<std::string> close_unused();

 private:
  [[nodiscard]] std::string what_was_passed() const;

  std::vector<Passed> passed_;      // that nobody took
  std::vector<std::string> names_;  // that were passed, each once
};

}  // namespace wsbridged
