// SPDX-License-Identifier: MIT
#include "daemon/listen_target.h"

#include <utility>

#include "daemon/unix_socket.h"

namespace wsbridged {
namespace {

template <typename T>
ws::Result<ListenTarget> as_target(ws::Result<T> found) {
  if (!found) {
    return found.error();
  }
  return ListenTarget(std::move(found.value()));
}

}  // namespace

ws::Result<ListenTarget> look_up(const config::Listen& listen) {
  if (std::holds_alternative<config::TcpAddress>(listen.address)) {
    return as_target(look_up_tcp(listen));
  }
  if (std::holds_alternative<config::UnixAddress>(listen.address)) {
    return as_target(look_up_unix(listen));
  }
  return ListenTarget();
}

}  // namespace wsbridged
