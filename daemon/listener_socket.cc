// SPDX-License-Identifier: MIT
#include "daemon/listener_socket.h"

#include <unistd.h>

#include <system_error>

namespace wsbridged {

Descriptor::~Descriptor() {
  if (value_ >= 0) {
    close(value_);
  }
}

ws::Error listen_error(std::string_view address, std::string_view what, int system_errno) {
  std::string message = "cannot listen on ";
  message.append(address).append(": ").append(what);
  if (system_errno != 0) {
    message.append(what.empty() ? "" : ": ").append(std::generic_category().message(system_errno));
  }
  return {.phase = ws::Phase::kOptions,
          .code = ws::ErrorCode::kInvalidOption,
          .message = std::move(message),
          .system_errno = system_errno};
}

ws::Error remote_error(std::string_view address, const std::string& host) {
  return listen_error(address, host +
                                   " can be reached from other machines; allow_remote: true "
                                   "(--allow-remote) permits that");
}

}  // namespace wsbridged
