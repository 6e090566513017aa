// SPDX-License-Identifier: MIT
// What a session holds of limits.memory, and what it does when that is too much.
#include "daemon/session.h"

namespace wsbridged {

Holdings Session::holdings() const {
  const ws::BufferMemory upstream = upstream_.buffer_memory();
  const std::size_t line = framer_.held_bytes();
  const std::size_t local = local_          ? local_->output().allocated()
                            : local_ending_ ? local_ending_->unsent_bytes()
                                            : 0;
  return {.up = {.bytes = upstream.output + held_.capacity() + line, .unfinished = line},
          .down = {.bytes = upstream.input + local, .unfinished = upstream.input}};
}

void Session::limit_memory(MemoryWatch& watch) {
  memory_ = std::make_unique<MemoryAccount>(&watch, static_cast<MemoryHolder&>(*this));
  note_memory();
}

void Session::note_memory() {
  if (memory_) {
    memory_->note();
  }
  handle_memory_change();
}

bool Session::may_read(Direction direction) const {
  return !memory_ || memory_->may_read(direction);
}

void Session::handle_memory_change() {
  update_local_reading();
  update_upstream_reading();
}

}  // namespace wsbridged
