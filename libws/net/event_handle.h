// SPDX-License-Identifier: MIT
// Owning handles for libevent's objects: the only place in this room that frees them.
#pragma once

#include <memory>
#include <stdexcept>

#include <event2/event.h>

namespace ws::net {

struct EventDeleter {
  void operator()(event* pointer) const noexcept { event_free(pointer); }
};

using EventHandle = std::unique_ptr<event, EventDeleter>;

struct EventBaseDeleter {
  void operator()(event_base* pointer) const noexcept { event_base_free(pointer); }
};

using EventBaseHandle = std::unique_ptr<event_base, EventBaseDeleter>;

// Throws std::runtime_error only when there is no memory.
[[nodiscard]] inline EventHandle make_event(event_base* base, evutil_socket_t descriptor,
                                            short what, event_callback_fn callback,
                                            void* argument) {
  EventHandle handle(event_new(base, descriptor, what, callback, argument));
  if (!handle) {
    throw std::runtime_error("libevent: no event");
  }
  return handle;
}

}  // namespace ws::net
