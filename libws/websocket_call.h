// SPDX-License-Identifier: MIT
// How a WebSocket calls its user. Included by the sources of WebSocket::Impl only.
#pragma once

#include "websocket_impl.h"

namespace ws {

// False when there was nobody to call. What the callback throws is dealt with.
template <typename... Told, typename... Arguments>
bool WebSocket::Impl::call(const CallbackKind<Told...>& kind, const Arguments&... arguments) {
  if (handler_ != nullptr) {
    if (owner_ == nullptr) {
      return false;
    }
    try {
      (handler_->*kind.method)(*owner_, arguments...);
    } catch (...) {
      callback_threw();
    }
    return true;
  }
  auto& pin = (*callbacks_).*kind.pin;
  auto& slot = callbacks_->slots.*kind.slot;
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
