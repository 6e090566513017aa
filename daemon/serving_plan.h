// SPDX-License-Identifier: MIT
// From a configuration to bridges that are served, in two steps: everything that can fail first,
// beside what is served already, then the change itself, which cannot. So a start or a reload takes
// place wholly or not at all.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/event_loop.h>

#include "config/config.h"
#include "config/loader.h"
#include "daemon/inherited_sockets.h"
#include "daemon/log.h"
#include "daemon/served_bridge.h"
#include "daemon/tls_contexts.h"

namespace wsbridged {

// Belongs to its loop's thread. A plan that is given up closes what it opened and takes back what
// it changed.
class ServingPlan {
 public:
  // What bridges and listeners are made with.
  struct Means {
    ws::EventLoop& loop;
    Log& log;
    InheritedSockets& inherited;
    std::shared_ptr<TlsContexts> tls_contexts;
    std::function<void()> on_session_end;  // of the bridges that are new: see BridgeLoad
  };

  // `served` is what is served now, and stays as it is until commit(). All must outlive the plan.
  ServingPlan(Means means, ServedBridges& served);
  ~ServingPlan();
  ServingPlan(const ServingPlan&) = delete;
  ServingPlan& operator=(const ServingPlan&) = delete;

  // Prepares a bridge and opens those of its listeners that are not bound yet; returns all that
  // went wrong. What is equal is kept: a bridge with the same settings, a listener on the same
  // address, whichever bridge it belonged to.
  [[nodiscard]] std::vector<config::Misfit> add(const config::Bridge& settings);

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

  void take_back();
  void add_listen(const config::Listen& listen, std::size_t index,
                  std::vector<config::Misfit>& misfits);
  [[nodiscard]] BoundListen* find_bound(const config::Address& address);
  [[nodiscard]] bool may_keep(const ServedBridge& served, const BoundListen& bound) const;
  [[nodiscard]] bool is_planned(const config::Address& address) const;
  [[nodiscard]] ServedBridge* find_served(const std::string& name) const;
  [[nodiscard]] ws::Result<std::shared_ptr<Bridge>> prepare(const config::Bridge& settings) const;
  [[nodiscard]] ws::Result<std::vector<std::unique_ptr<Listener>>> open(
      const config::Listen& listen) const;
  [[nodiscard]] std::string explain(const config::Listen& listen, const ws::Error& error) const;

  Means means_;
  ServedBridges& served_;
  ServedBridges planned_;
  std::vector<Kept> kept_;
};

}  // namespace wsbridged
