// SPDX-License-Identifier: MIT
#include "daemon/serving_plan.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

namespace wsbridged {
namespace {

// Which port stands for it is not said: only the bridge that had it means this one.
bool has_any_port(const config::Address& address) {
  const auto* const tcp = std::get_if<config::TcpAddress>(&address);
  return tcp != nullptr && tcp->port == 0;
}

void tell_rereading(Log& log, const std::string& bridge, const Rereading& rereading) {
  if (rereading.is_failed) {
    log.warn(rereading.what + ", what was there before stays",
             {{"bridge", bridge}, {"cause", rereading.cause}});
  } else {
    log.info(rereading.what, {{"bridge", bridge}});
  }
}

}  // namespace

ServingPlan::ServingPlan(Means means, ServedBridges& served)
    : means_(std::move(means)), served_(served) {}

ServingPlan::~ServingPlan() {
  try {
    take_back();
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory, and the error is told already
  }
}

// In reverse, so that two changes of one socket end where they began.
void ServingPlan::take_back() {
  for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) {
    if (planned_[kept->bridge]->listens[kept->listen].settings != kept->from->settings) {
      for (const auto& listener : kept->from->listeners) {
        static_cast<void>(listener->change(kept->from->settings));
      }
    }
  }
}

std::vector<config::Misfit> ServingPlan::add(const config::Bridge& settings) {
  std::vector<config::Misfit> misfits;
  auto& planned = *planned_.emplace_back(std::make_unique<ServedBridge>());
  auto bridge = prepare(settings);
  auto access = AccessList::resolve(settings.access);
  if (!bridge) {
    misfits.push_back({.keys = {"upstream"}, .message = bridge.error().message});
  } else if (const auto* unknown = std::get_if<AccessList::Unknown>(&access)) {
    misfits.push_back({.keys = {"access", unknown->key}, .message = unknown->message});
  } else {
    planned.bridge = std::move(bridge.value());
    planned.admission = std::make_unique<Admission>(means_.loop, means_.log, planned.bridge,
                                                    std::get<AccessList>(std::move(access)));
  }
  for (std::size_t i = 0; i < settings.listen.size(); ++i) {
    add_listen(settings.listen[i], i, misfits);
  }
  return misfits;
}

ws::Result<std::shared_ptr<Bridge>> ServingPlan::prepare(const config::Bridge& settings) const {
  const ServedBridge* const before = find_served(settings.name);
  if (before != nullptr && before->bridge->settings() == settings) {
    return before->bridge;
  }
  auto bridge =
      Bridge::prepare(settings, means_.tls_contexts,
                      before != nullptr ? before->bridge->load()
                                        : std::make_shared<BridgeLoad>(means_.on_session_end));
  if (bridge) {
    bridge.value()->on_rereading([&log = means_.log, name = settings.name](const Rereading& what) {
      tell_rereading(log, name, what);
    });
  }
  return bridge;
}

void ServingPlan::add_listen(const config::Listen& listen, std::size_t index,
                             std::vector<config::Misfit>& misfits) {
  ServedBridge& planned = *planned_.back();
  const auto refuse = [&misfits, index](std::string why) {
    misfits.push_back({.keys = {"listen"}, .listener = index, .message = std::move(why)});
  };
  // Two listeners on one address are an error that the configuration's own rules tell.
  if (is_planned(listen.address)) {
    return;
  }
  BoundListen& entry = planned.listens.emplace_back(BoundListen{listen, {}});
  if (BoundListen* const bound = find_bound(listen.address)) {
    kept_.push_back({bound, planned_.size() - 1, planned.listens.size() - 1});
    if (bound->settings == listen) {
      return;
    }
    for (const auto& listener : bound->listeners) {
      if (const auto error = listener->change(listen)) {
        return refuse(error->message);
      }
    }
    return;
  }
  auto opened = open(listen);
  if (!opened) {
    return refuse(explain(listen, opened.error()));
  }
  entry.listeners = std::move(opened.value());
}

ws::Result<std::vector<std::unique_ptr<Listener>>> ServingPlan::open(
    const config::Listen& listen) const {
  if (!std::holds_alternative<config::SystemdAddress>(listen.address)) {
    return Listener::open(means_.loop, listen);
  }
  auto sockets = means_.inherited.take(listen);
  if (!sockets) {
    return sockets.error();
  }
  return Listener::adopt(means_.loop, std::move(sockets.value()));
}

// Nobody else is to blame when a bound listener of ours is in the way: 127.0.0.1:7001 and :7001
// cannot stand side by side, not even for the moment of the change.
std::string ServingPlan::explain(const config::Listen& listen, const ws::Error& error) const {
  if (error.system_errno != EADDRINUSE) {
    return error.message;
  }
  for (const auto& served : served_) {
    for (const BoundListen& bound : served->listens) {
      if (config::overlap(bound.settings.address, listen.address)) {
        return "cannot listen on " + config::to_string(listen.address) + " beside " +
               config::to_string(bound.settings.address) +
               ", which is bound until the reload is done: this change needs a restart";
      }
    }
  }
  return error.message;
}

BoundListen* ServingPlan::find_bound(const config::Address& address) {
  for (const auto& served : served_) {
    for (BoundListen& bound : served->listens) {
      if (bound.settings.address == address && may_keep(*served, bound)) {
        return &bound;
      }
    }
  }
  return nullptr;
}

bool ServingPlan::may_keep(const ServedBridge& served, const BoundListen& bound) const {
  const bool is_taken = std::any_of(kept_.begin(), kept_.end(),
                                    [&bound](const Kept& kept) { return kept.from == &bound; });
  const bool is_same_bridge =
      planned_.back()->bridge && served.bridge->name() == planned_.back()->bridge->name();
  return !is_taken && (is_same_bridge || !has_any_port(bound.settings.address));
}

bool ServingPlan::is_planned(const config::Address& address) const {
  return std::any_of(planned_.begin(), planned_.end(), [&address](const auto& planned) {
    return std::any_of(planned->listens.begin(), planned->listens.end(),
                       [&address](const BoundListen& listen) {
                         return config::overlap(listen.settings.address, address);
                       });
  });
}

ServedBridge* ServingPlan::find_served(const std::string& name) const {
  const auto found = std::find_if(served_.begin(), served_.end(), [&name](const auto& served) {
    return served->bridge->name() == name;
  });
  return found == served_.end() ? nullptr : found->get();
}

ServedBridges ServingPlan::commit() {
  for (const Kept& kept : kept_) {
    planned_[kept.bridge]->listens[kept.listen].listeners = std::move(kept.from->listeners);
  }
  kept_.clear();
  return std::move(planned_);
}

}  // namespace wsbridged
