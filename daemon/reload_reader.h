// SPDX-License-Identifier: MIT
// Reads the configuration for a reload on a thread of its own. Files and name servers that take
// their time, or never answer, then hold up this one reload: the main loop goes on accepting and
// feeding the watchdog.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <ws/event_loop.h>

#include "config/loader.h"
#include "daemon/bridge_parts.h"
#include "daemon/reload.h"

namespace wsbridged {

// How long the destructor waits for a thread that is between two files. One that hangs in one is
// left behind: nothing can call it back.
inline constexpr std::chrono::milliseconds kReaderPatience{1'000};

// Belongs to the loop's thread.
class ReloadReader {
 public:
  struct Hooks {
    // On the reader's thread, so by value what it needs: it may outlive the reader.
    ConfigLoader load;
    std::function<std::vector<config::Misfit>(const config::Bridge& bridge)> check;
    std::function<BridgeParts(const config::Bridge& bridge)> gather;
    // On the loop: what is wrong with a bridge whose parts are there.
    std::function<std::vector<config::Misfit>(const config::Bridge& bridge, BridgeParts parts)> add;
    // On the loop, once and last: it may destroy the reader.
    std::function<void(config::Loaded loaded)> on_done;
  };

  ReloadReader(ws::EventLoop& loop, Hooks hooks);
  // Gives up.
  ~ReloadReader();
  ReloadReader(const ReloadReader&) = delete;
  ReloadReader& operator=(const ReloadReader&) = delete;

  // No hook of the loop is called from now on. Does not wait.
  void give_up();

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace wsbridged
