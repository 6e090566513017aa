// SPDX-License-Identifier: MIT
#include "support/callback_deed.h"

#include <stdexcept>

#include "support/catch.h"

namespace ws::test {

void perform(Deed deed, RecordingClient& client, const std::function<void()>& when_paused,
             const std::function<void()>& replace) {
  switch (deed) {
    case Deed::kDestroy:
      client.websocket.reset();
      break;
    case Deed::kAbort:
      client.socket().abort();
      break;
    case Deed::kClose:
      client.socket().close();
      break;
    case Deed::kThrow:
      throw std::runtime_error("thrown");
    case Deed::kPause:
      client.socket().pause();
      client.loop.post([&client, when_paused] {
        when_paused();
        client.socket().resume();
      });
      break;
    case Deed::kSend:
      CHECK(client.socket().send("more") == SendResult::kSent);
      break;
    case Deed::kReplace:
      replace();
      break;
  }
}

}  // namespace ws::test
