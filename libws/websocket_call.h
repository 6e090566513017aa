// SPDX-License-Identifier: MIT
// How a WebSocket calls its user. Included by the sources of WebSocket::Impl only.
#pragma once

#include "websocket_impl.h"

namespace ws {

// False when there was nobody to call. What the callback throws is dealt with.
template <typename Pin, typename Slot, typename... Arguments>
bool WebSocket::Impl::call(Pin& pin, Slot& slot, const Arguments&... arguments) {
  const auto* function = pin.pin(slot);
  // Pinning may have destroyed a replaced callback, and that one's captures the WebSocket.
  if (function == nullptr || owner_ == nullptr) {
    return false;
  }
  try {
    (*function)(*owner_, arguments...);
  } catch (...) {
    callback_threw();
  }
  pin.release_replaced(slot);
  return true;
}

}  // namespace ws
