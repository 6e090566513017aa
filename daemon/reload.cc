// SPDX-License-Identifier: MIT
// Everything that can fail comes first, beside what runs; then the change, which cannot.
#include "daemon/reload.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "daemon/admin_plan.h"
#include "daemon/bridge_check.h"
#include "daemon/config_diff.h"
#include "daemon/daemon.h"
#include "daemon/serving_plan.h"

namespace wsbridged {
namespace {

// All that the start would refuse, at once. What both find is told in the words of the first.
std::vector<config::Misfit> judge(const config::Bridge& bridge, ServingPlan& plan) {
  std::vector<config::Misfit> misfits = check_bridge(bridge);
  for (config::Misfit& found : plan.add(bridge)) {
    const bool is_known =
        std::any_of(misfits.begin(), misfits.end(), [&found](const config::Misfit& known) {
          return known.keys.front() == found.keys.front() && known.listener == found.listener;
        });
    if (!is_known) {
      misfits.push_back(std::move(found));
    }
  }
  return misfits;
}

void log_changes(Log& log, const ReloadResult& result) {
  for (const ConfigChange& change : result.changes) {
    log.info("configuration changed",
             {{"key", change.path}, {"before", change.before}, {"after", change.after}});
  }
  if (result.change_count > result.changes.size()) {
    log.info("more of the configuration changed",
             {{"key_count", std::uint64_t{result.change_count - result.changes.size()}}});
  }
}

}  // namespace

// Signals that come until it begins are the same request.
void Daemon::request_reload() {
  if (!std::exchange(is_reload_posted_, true)) {
    loop_.post([this] {
      is_reload_posted_ = false;
      reload();
    });
  }
}

ReloadResult Daemon::reload() {
  if (stage_ != Stage::kRunning) {
    log_.warn("reload refused: the program is stopping");
    return {.errors = {"the program is stopping"}};
  }
  if (!environment_.load) {
    log_.warn("reload refused: there is no configuration to read again");
    return {.errors = {"there is no configuration to read again"}};
  }
  service_link_.reloading();
  ReloadResult result = try_reload();
  reload_status_ = {.is_success = result.errors.empty(), .time = std::chrono::system_clock::now()};
  for (const std::string& error : result.errors) {
    log_.error(error);
  }
  if (result.errors.empty()) {
    log_.info("configuration reloaded", {{"change_count", std::uint64_t{result.change_count}},
                                         {"bridges", std::uint64_t{served_.size()}},
                                         {"sessions", std::uint64_t{session_count()}}});
  } else {
    log_.error("reload failed, the configuration of before stays in force",
               {{"error_count", std::uint64_t{result.errors.size()}}});
  }
  service_link_.reloaded();
  return result;
}

ReloadResult Daemon::try_reload() {
  ServingPlan plan(plan_means(), served_);
  config::Loaded loaded =
      environment_.load([&plan](const config::Bridge& bridge) { return judge(bridge, plan); });
  ReloadResult result;
  for (const config::Problem& error : loaded.errors) {
    result.errors.push_back(to_string(error));
  }
  if (!result.errors.empty()) {
    return result;
  }
  const std::vector<Bound> before = bound();
  AdminPlan admin(admin_, *this, log_);
  if (const auto error = admin.prepare(admin_settings(loaded.config.admin))) {
    result.errors.push_back("admin: " + error->message);
    return result;
  }
  for (const config::Problem& warning : loaded.warnings) {
    result.warnings.push_back(to_string(warning));
    log_.warn(result.warnings.back());
  }
  result.changes = config_diff(settings_, loaded.config);
  result.change_count = result.changes.size();
  result.changes.resize(std::min(result.change_count, kMaxToldChanges));
  log_changes(log_, result);
  ServedBridges next = plan.commit();
  warn_of_bridges(next, served_);
  serve(std::move(next));
  admin.commit();
  log_listeners(before);
  take_settings(std::move(loaded.config));
  return result;
}

// What is left in served_ ends here: who waits in its queues was connected before the change, and
// is still let in.
void Daemon::serve(ServedBridges next) {
  for (const auto& served : served_) {
    for (const BoundListen& listen : served->listens) {
      for (const auto& listener : listen.listeners) {
        listener->accept_waiting();
      }
    }
  }
  retire(std::exchange(served_, std::move(next)));
  for (const auto& served : served_) {
    start_listeners(*served);
  }
  update_accepting();
}

// Whoever still owes a PROXY header is let in by the rules under which he came.
void Daemon::retire(const ServedBridges& bridges) {
  for (const auto& served : bridges) {
    if (served->admission->waiting_count() > 0) {
      retiring_.push_back(std::move(served->admission));
    }
  }
}

void Daemon::log_listeners(const std::vector<Bound>& before) {
  const std::vector<Bound> after = bound();
  const auto tell = [this](const char* message, const std::vector<Bound>& some,
                           const std::vector<Bound>& others) {
    for (const Bound& one : some) {
      if (std::find(others.begin(), others.end(), one) == others.end()) {
        log_.info(message, {{"bridge", one.bridge}, {"listen", one.address}});
      }
    }
  };
  tell("no longer listening", before, after);
  tell("listening", after, before);
}

void Daemon::take_settings(config::Config settings) {
  if (settings.threads != settings_.threads) {
    log_.warn("threads needs a restart: it stays as it is");
    settings.threads = settings_.threads;
  }
  if (const auto limit = memory_limit_of(settings.limits); memory_) {
    memory_->set_limit(limit.value_or(MemoryLimit::kNone));
  } else if (limit) {
    log_.warn("limits.memory needs a restart: there was no limit at the start");
    settings.limits = settings_.limits;
  }
  // Only then, so that a level that was set by hand stays through other reloads.
  if (settings.log.level != settings_.log.level) {
    log_.set_level(settings.log.level);
  }
  if (settings.log.format != settings_.log.format) {
    log_.set_format(settings.log.format);
  }
  settings_ = std::move(settings);
}

void Daemon::warn_of_bridges(const ServedBridges& bridges, const ServedBridges& known) {
  for (const auto& served : bridges) {
    const bool is_known = std::any_of(known.begin(), known.end(), [&served](const auto& other) {
      return other->bridge == served->bridge;
    });
    for (const std::string& warning :
         is_known ? std::vector<std::string>() : served->bridge->warnings()) {
      log_.warn(warning, {{"bridge", served->bridge->name()}});
    }
  }
}

}  // namespace wsbridged
