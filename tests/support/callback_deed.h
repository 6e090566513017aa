// SPDX-License-Identifier: MIT
// What a callback may do to the WebSocket that calls it (the law in <ws/event_loop.h>), for tests
// of callbacks that are called in the middle of a read.
#pragma once

#include <functional>

#include "support/recording_client.h"

namespace ws::test {

enum class Deed { kDestroy, kAbort, kClose, kThrow, kPause, kSend, kReplace };

// Does it inside a callback of `client`. After a pause `when_paused` is called in a later turn,
// then it goes on. What takes the callback's place the test gives: `replace`.
void perform(Deed deed, RecordingClient& client, const std::function<void()>& when_paused,
             const std::function<void()>& replace);

}  // namespace ws::test
