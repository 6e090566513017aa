// SPDX-License-Identifier: MIT
// A libevent event that its owner frees. Not from inside its own callback when it waits for a
// signal.
#pragma once

#include <memory>

#include <event2/event.h>

namespace wsbridged {

struct FreeEvent {
  void operator()(event* item) const noexcept { event_free(item); }
};

using EventPtr = std::unique_ptr<event, FreeEvent>;

}  // namespace wsbridged
