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

bool is_met(const BoundListen& bound, const ListenPlace& place) {
  const auto* const addresses = std::get_if<std::vector<SocketAddress>>(&place.target);
  return addresses != nullptr &&
         std::any_of(bound.listeners.begin(), bound.listeners.end(), [&](const auto& listener) {
           return listener->meets(*addresses,
                                  std::get<config::TcpAddress>(place.listen.address).port);
         });
}

void set_port_use(const std::vector<const BoundListen*>& bounds, PortUse use) {
  for (const BoundListen* const bound : bounds) {
    for (const auto& listener : bound->listeners) {
      listener->set_port_use(use);
    }
  }
}

std::string problem_of(const ServedBridge& served, const ws::Error& error) {
  return "bridge " + served.bridge->name() + ": " + error.message;
}

ws::Error same_address_error(const config::Listen& listen) {
  return listen_error(config::to_string(listen.address),
                      "another listener of this configuration stands for the same address");
}

}  // namespace

ServingPlan::ServingPlan(Means means, ServedBridges& served) : means_(means), served_(served) {}

std::optional<std::string> ServingPlan::finish() {
  auto error = change_kept();
  if (!error) {
    error = begin_listening();
  }
  if (error) {
    take_back();
  }
  return error;
}

std::optional<std::string> ServingPlan::change_kept() {
  for (const Kept& kept : kept_) {
    const ServedBridge& bridge = *planned_[kept.bridge];
    const BoundListen& listen = bridge.listens[kept.listen];
    if (listen.settings == kept.from->settings) {
      continue;
    }
    for (const auto& listener : kept.from->listeners) {
      if (const auto error =
              listener->change({.listen = listen.settings, .target = listen.target})) {
        return problem_of(bridge, *error);
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> ServingPlan::begin_listening() {
  std::optional<std::string> problem;
  set_port_use(replaced_, PortUse::kShared);
  for (const auto& planned : planned_) {
    for (const BoundListen& listen : planned->listens) {
      for (const auto& listener : listen.listeners) {
        const auto error = problem ? std::nullopt : listener->begin_listening();
        if (error) {
          problem = problem_of(*planned, *error);
        }
      }
    }
  }
  set_port_use(replaced_, PortUse::kAlone);
  return problem;
}

// In reverse, so that two changes of one socket end where they began.
void ServingPlan::take_back() {
  for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) {
    const BoundListen& before = *kept->from;
    if (planned_[kept->bridge]->listens[kept->listen].settings != before.settings) {
      for (const auto& listener : before.listeners) {
        static_cast<void>(listener->change({.listen = before.settings, .target = before.target}));
      }
    }
  }
}

std::vector<config::Misfit> ServingPlan::add(const config::Bridge& settings, BridgeParts parts) {
  std::vector<config::Misfit> misfits;
  auto& planned = *planned_.emplace_back(std::make_unique<ServedBridge>());
  if (!parts.bridge) {
    misfits.push_back({.keys = {"upstream"}, .message = parts.bridge.error().message});
  } else if (const auto* unknown = std::get_if<AccessList::Unknown>(&parts.access)) {
    misfits.push_back({.keys = {"access", unknown->key}, .message = unknown->message});
  } else {
    planned.bridge = std::move(parts.bridge.value());
    planned.admission = std::make_unique<Admission>(means_.loop, means_.log, planned.bridge,
                                                    std::get<AccessList>(std::move(parts.access)));
  }
  for (std::size_t i = 0; i < settings.listen.size(); ++i) {
    if (auto error = add_listen(settings.listen[i], parts.targets[i])) {
      misfits.push_back({.keys = {"listen"}, .listener = i, .message = std::move(error->message)});
    }
  }
  for (std::string& warning : parts.warnings) {
    warnings_.push_back({settings.name, std::move(warning)});
  }
  return misfits;
}

std::optional<ws::Error> ServingPlan::add_listen(const config::Listen& listen,
                                                 const ws::Result<ListenTarget>& target) {
  // Two listeners on one address are an error that the configuration's own rules tell.
  if (is_planned(listen.address)) {
    return std::nullopt;
  }
  BoundListen& entry = planned_.back()->listens.emplace_back(BoundListen{.settings = listen});
  BoundListen* const bound = find_bound(listen.address);
  // A name server that is out of order does not matter to a socket that is bound.
  if (!target && (bound == nullptr || bound->settings != listen)) {
    return target.error();
  }
  entry.target = target ? target.value() : bound->target;
  const ListenPlace place{.listen = listen, .target = entry.target};
  if (bound != nullptr) {
    return keep(*bound, place);
  }
  auto opened = bind(place);
  if (!opened) {
    return opened.error();
  }
  entry.listeners = std::move(opened.value());
  return std::nullopt;
}

std::optional<ws::Error> ServingPlan::keep(BoundListen& bound, const ListenPlace& place) {
  if (std::find(replaced_.begin(), replaced_.end(), &bound) != replaced_.end()) {
    return same_address_error(place.listen);
  }
  kept_.push_back({&bound, planned_.size() - 1, planned_.back()->listens.size() - 1});
  // Of a socket that systemd passed there is nothing to change: its address is judged again.
  const bool is_inherited = std::holds_alternative<config::SystemdAddress>(place.listen.address);
  for (const auto& listener : bound.listeners) {
    if (auto error = is_inherited ? listener->change(place) : std::nullopt) {
      return error;
    }
  }
  return std::nullopt;
}

// Sockets that are only bound do not keep each other away.
bool ServingPlan::is_bound_by_plan(const ListenPlace& place) const {
  return std::any_of(planned_.begin(), planned_.end(), [&place](const auto& planned) {
    return std::any_of(planned->listens.begin(), planned->listens.end(),
                       [&place](const BoundListen& bound) { return is_met(bound, place); });
  });
}

ws::Result<std::vector<std::unique_ptr<Listener>>> ServingPlan::bind(const ListenPlace& place) {
  if (is_bound_by_plan(place)) {
    return same_address_error(place.listen);
  }
  if (!std::holds_alternative<config::SystemdAddress>(place.listen.address)) {
    auto opened = Listener::bind(means_.loop, place);
    return !opened && opened.error().system_errno == EADDRINUSE ? bind_over(place, opened.error())
                                                                : std::move(opened);
  }
  auto sockets = means_.inherited.take(place.listen);
  if (!sockets) {
    return sockets.error();
  }
  return Listener::adopt(means_.loop, std::move(sockets.value()));
}

// Beside sockets of ours that the reload ends: 127.0.0.1:7001 becomes :7001 without a moment in
// which nobody listens. `error` is what binding alone said.
ws::Result<std::vector<std::unique_ptr<Listener>>> ServingPlan::bind_over(const ListenPlace& place,
                                                                          const ws::Error& error) {
  const std::vector<const BoundListen*> before = in_the_way(place);
  if (before.empty()) {
    return error;
  }
  set_port_use(before, PortUse::kShared);
  auto opened = Listener::bind(
      means_.loop, {.listen = place.listen, .target = place.target, .use = PortUse::kShared});
  set_port_use(before, PortUse::kAlone);
  if (!opened) {
    return listen_error(config::to_string(place.listen.address),
                        "not beside " + config::to_string(before.front()->settings.address) +
                            ", which is bound until the reload is done: this change needs a "
                            "restart",
                        opened.error().system_errno);
  }
  replaced_.insert(replaced_.end(), before.begin(), before.end());
  return opened;
}

std::vector<const BoundListen*> ServingPlan::in_the_way(const ListenPlace& place) const {
  std::vector<const BoundListen*> found;
  for (const auto& served : served_) {
    for (const BoundListen& bound : served->listens) {
      if (is_met(bound, place) && !is_kept(bound)) {
        found.push_back(&bound);
      }
    }
  }
  return found;
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

bool ServingPlan::is_kept(const BoundListen& bound) const {
  return std::any_of(kept_.begin(), kept_.end(),
                     [&bound](const Kept& kept) { return kept.from == &bound; });
}

bool ServingPlan::may_keep(const ServedBridge& served, const BoundListen& bound) const {
  const bool is_same_bridge =
      planned_.back()->bridge && served.bridge->name() == planned_.back()->bridge->name();
  return !is_kept(bound) && (is_same_bridge || !has_any_port(bound.settings.address));
}

bool ServingPlan::is_planned(const config::Address& address) const {
  return std::any_of(planned_.begin(), planned_.end(), [&address](const auto& planned) {
    return std::any_of(planned->listens.begin(), planned->listens.end(),
                       [&address](const BoundListen& listen) {
                         return config::overlap(listen.settings.address, address);
                       });
  });
}

ServedBridges ServingPlan::commit() {
  for (const Kept& kept : kept_) {
    BoundListen& listen = planned_[kept.bridge]->listens[kept.listen];
    listen.listeners = std::move(kept.from->listeners);
  }
  kept_.clear();
  return std::move(planned_);
}

}  // namespace wsbridged
