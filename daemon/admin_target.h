// SPDX-License-Identifier: MIT
// What the admin listener asks of the program that it speaks for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "daemon/reload.h"
#include "daemon/snapshot.h"
#include "daemon/tap.h"

namespace wsbridged {

// May be called from any thread. `done` is called once, on any thread, or never when the program is
// ending.
class AdminTarget {
 public:
  AdminTarget() = default;
  virtual ~AdminTarget() = default;
  AdminTarget(const AdminTarget&) = delete;
  AdminTarget& operator=(const AdminTarget&) = delete;

  [[nodiscard]] virtual Readiness readiness() const = 0;
  virtual void take_snapshot(Snapshot::Detail detail, std::function<void(Snapshot)> done) = 0;

  // False: there is no such session.
  using Found = std::function<void(bool)>;
  // Ends it as a shutdown does; the second time at once.
  virtual void kill_session(std::uint64_t id, Found done) = 0;
  virtual void tap_session(std::uint64_t id, std::shared_ptr<Tap> tap, Found done) = 0;

  // As SIGTERM does; nothing when it is draining already.
  virtual void start_drain() = 0;

  // As SIGHUP does.
  virtual void reload_configuration(std::function<void(ReloadResult)> done) = 0;
  virtual void set_log_level(config::LogLevel level) = 0;
};

}  // namespace wsbridged
