// SPDX-License-Identifier: MIT
// From a configuration to bridges that are served, in two steps: everything that can fail first,
// beside what is served already, then the change itself, which cannot. So a start or a reload takes
// place wholly or not at all.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>

#include "config/config.h"
#include "config/loader.h"
#include "daemon/bridge_parts.h"
#include "daemon/inherited_sockets.h"
#include "daemon/log.h"
#include "daemon/served_bridge.h"

namespace wsbridged {

// Belongs to its loop's thread. A plan that is given up closes what it opened.
class ServingPlan {
 public:
  // What listeners are made with.
  struct Means {
    ws::EventLoop& loop;
    Log& log;
    InheritedSockets& inherited;
  };

  struct Warning {
    std::string bridge;
    std::string message;
  };

  // `served` is what is served now, and stays as it is until commit(). All must outlive the plan.
  ServingPlan(Means means, ServedBridges& served);
  ~ServingPlan() = default;
  ServingPlan(const ServingPlan&) = delete;
  ServingPlan& operator=(const ServingPlan&) = delete;

  // Takes a bridge and binds those of its listeners that are not bound yet; returns all that went
  // wrong. A listener on the same address is kept, whichever bridge it belonged to, and stays as it
  // is: the next bridge may take long, or be wrong. Waits for
  // nothing but the lock of a Unix socket's directory (kDirectoryLockWait).
  [[nodiscard]] std::vector<config::Misfit> add(const config::Bridge& settings, BridgeParts parts);

  // Of the bridges that are new, for the log.
  [[nodiscard]] const std::vector<Warning>& warnings() const { return warnings_; }

  // The last that can fail, when all bridges are there and right: what was bound listens, what is
  // kept gets its new backlog, mode and owner. Returns what went wrong; then nothing has changed.
  // To be followed by commit() at once, as clients come to the new sockets from now on.
  [[nodiscard]] std::optional<std::string> finish();

  // The bridges of the plan, in the order of add(), with the kept listeners taken out of `served`.
  // Listeners that are left there are not part of the plan any more.
  [[nodiscard]] ServedBridges commit();

 private:
  // A listener that stays; it is moved at the commit.
  struct Kept {
    BoundListen* from;
    std::size_t bridge;  // where it goes
    std::size_t listen;
  };

  [[nodiscard]] std::optional<std::string> change_kept();
  [[nodiscard]] std::optional<std::string> begin_listening();
  void take_back();
  [[nodiscard]] std::optional<ws::Error> add_listen(const config::Listen& listen,
                                                    const ws::Result<ListenTarget>& target);
  [[nodiscard]] std::optional<ws::Error> keep(BoundListen& bound, const ListenPlace& place);
  [[nodiscard]] BoundListen* find_bound(const config::Address& address);
  [[nodiscard]] bool is_kept(const BoundListen& bound) const;
  [[nodiscard]] bool may_keep(const ServedBridge& served, const BoundListen& bound) const;
  [[nodiscard]] bool is_planned(const config::Address& address) const;
  [[nodiscard]] bool is_bound_by_plan(const ListenPlace& place) const;
  [[nodiscard]] ws::Result<std::vector<std::unique_ptr<Listener>>> bind(const ListenPlace& place);
  [[nodiscard]] ws::Result<std::vector<std::unique_ptr<Listener>>> bind_over(
      const ListenPlace& place, const ws::Error& error);
  [[nodiscard]] std::vector<const BoundListen*> in_the_way(const ListenPlace& place) const;

  Means means_;
  ServedBridges& served_;
  ServedBridges planned_;
  std::vector<Kept> kept_;
  std::vector<const BoundListen*> replaced_;  // others of the plan are bound over them already
  std::vector<Warning> warnings_;
};

}  // namespace wsbridged
