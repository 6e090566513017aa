// SPDX-License-Identifier: MIT
// Everything that can fail comes first, beside what runs; then the change, which cannot.
#include "daemon/reload.h"

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

#include "daemon/admin_plan.h"
#include "daemon/bridge_check.h"
#include "daemon/bridge_parts.h"
#include "daemon/config_diff.h"
#include "daemon/daemon.h"
#include "daemon/serving_plan.h"

namespace wsbridged {
namespace {

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

void Daemon::reload(ReloadCallback on_done) {
  std::vector<ReloadCallback> asked;
  if (on_done) {
    asked.push_back(std::move(on_done));
  }
  reload_for(std::move(asked));
}

void Daemon::reload_for(std::vector<ReloadCallback> asked) {
  if (stage_ != Stage::kRunning) {
    refuse_reload(asked, "the program is stopping");
  } else if (!environment_.load) {
    refuse_reload(asked, "there is no configuration to read again");
  } else if (reloading_.plan) {
    // What it has read already may be older than this request.
    auto& next = next_reload_ ? *next_reload_ : next_reload_.emplace();
    next.insert(next.end(), asked.begin(), asked.end());
    limit_askers(next);
  } else {
    begin_reload(std::move(asked));
  }
}

// A reload that hangs must not collect those who have left: the oldest ones are told no outcome.
void Daemon::limit_askers(std::vector<ReloadCallback>& asked) {
  while (asked.size() > kMaxReloadAskers) {
    const std::string cause = std::to_string(kMaxReloadAskers) + " others wait for the same reload";
    log_.warn("a request for a reload is told no outcome, the log will tell it",
              {{"cause", cause}});
    asked.front()({.errors = {cause + ": the log will tell its outcome"}});
    asked.erase(asked.begin());
  }
}

void Daemon::refuse_reload(const std::vector<ReloadCallback>& asked, const std::string& why) {
  log_.warn("reload refused: " + why);
  for (const ReloadCallback& answer : asked) {
    answer({.errors = {why}});
  }
}

void Daemon::begin_reload(std::vector<ReloadCallback> asked) {
  service_link_.reloading();
  reload_patience_.start(kReloadPatience);
  reloading_.asked = std::move(asked);
  reloading_.plan = std::make_unique<ServingPlan>(plan_means(), served_);
  try {
    start_reader();
  } catch (const std::system_error& error) {
    config::Loaded failed;
    failed.errors.push_back(
        {.source = "reload", .message = std::string("cannot start a thread: ") + error.what()});
    handle_loaded(std::move(failed), {});
  }
}

void Daemon::start_reader() {
  const auto places = std::make_shared<AdminPlaces>();  // the reader's until it is done
  reloading_.reader = std::make_unique<ReloadReader>(
      loop_,
      ReloadReader::Hooks{
          .load =
              [load = environment_.load, places](const config::BridgeCheck& check) {
                config::Loaded loaded = load(check);
                *places = loaded.errors.empty() ? look_up(loaded.config.admin) : AdminPlaces();
                return loaded;
              },
          .check = check_bridge,
          .gather = [means = bridge_means()](
                        const config::Bridge& bridge) { return gather_parts(bridge, means); },
          .add = [this](
                     const config::Bridge& bridge,
                     BridgeParts parts) { return reloading_.plan->add(bridge, std::move(parts)); },
          .on_done = [this, places](
                         config::Loaded loaded) { handle_loaded(std::move(loaded), *places); }});
}

void Daemon::tell_slow_reload() {
  log_.warn(
      "the reload takes long: files or name servers do not answer. The configuration of before "
      "stays in force until they do",
      {{"waited_ms", std::int64_t{std::chrono::milliseconds(kReloadPatience).count()}}});
  errors_.add({.time = std::chrono::system_clock::now(),
               .cause = "the reload takes long: files or name servers do not answer",
               .advice = "the configuration of before stays in force until they do"});
}

void Daemon::handle_loaded(config::Loaded loaded, const AdminPlaces& places) {
  ReloadResult result;
  for (const config::Problem& error : loaded.errors) {
    result.errors.push_back(to_string(error));
  }
  if (result.errors.empty()) {
    take_over(std::move(loaded), places, result);
  }
  reloading_.plan.reset();
  reloading_.reader.reset();  // it holds the bridges of before
  finish_reload(result);
}

void Daemon::finish_reload(const ReloadResult& result) {
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
    remember_failure(result.errors);
  }
  reload_patience_.stop();
  service_link_.reloaded();
  for (const ReloadCallback& answer : std::exchange(reloading_.asked, {})) {
    answer(result);
  }
  if (auto next = std::exchange(next_reload_, std::nullopt)) {
    loop_.post([this, asked = std::move(*next)]() mutable { reload_for(std::move(asked)); });
  }
}

// One entry, else a bad file would drive out all others.
void Daemon::remember_failure(const std::vector<std::string>& errors) {
  const std::size_t more = errors.size() - 1;
  errors_.add({.time = reload_status_.time,
               .cause = "reload failed" +
                        (more == 0 ? "" : " (and " + std::to_string(more) + " more errors)") +
                        ": " + errors.front(),
               .advice = "the configuration of before stays in force: correct the file and reload; "
                         "`wsbridged check` lists all errors"});
}

// For a stop: nothing has changed yet. A thread that hangs is left to ~ReloadReader().
void Daemon::give_up_reload() {
  if (!reloading_.plan) {
    return;
  }
  reloading_.reader->give_up();
  reloading_.plan.reset();
  reload_patience_.stop();
  std::vector<ReloadCallback> asked = std::exchange(reloading_.asked, {});
  if (const auto next = std::exchange(next_reload_, std::nullopt)) {
    asked.insert(asked.end(), next->begin(), next->end());
  }
  refuse_reload(asked, "the program is stopping");
}

void Daemon::take_over(config::Loaded loaded, const AdminPlaces& places, ReloadResult& result) {
  AdminPlan admin(admin_, *this, log_);
  if (const auto error = admin.prepare(admin_settings(loaded.config.admin), places)) {
    result.errors.push_back("admin: " + error->message);
    return;
  }
  if (auto error = reloading_.plan->finish()) {
    result.errors.push_back(std::move(*error));
    return;
  }
  for (const config::Problem& warning : loaded.warnings) {
    result.warnings.push_back(to_string(warning));
    log_.warn(result.warnings.back());
  }
  result.changes = config_diff(settings_, loaded.config);
  result.change_count = result.changes.size();
  result.changes.resize(std::min(result.change_count, kMaxToldChanges));
  log_changes(log_, result);
  const std::vector<Bound> before = bound();
  ServedBridges next = reloading_.plan->commit();
  log_warnings(*reloading_.plan);
  serve(std::move(next));
  admin.commit();
  log_listeners(before);
  take_settings(std::move(loaded.config));
}

// What is left in served_ ends here: who waits in its queues was connected before the change, and
// is still let in.
void Daemon::serve(ServedBridges next) {
  let_in_last(served_);
  retire(std::exchange(served_, std::move(next)));
  for (const auto& served : served_) {
    start_listeners(*served);
  }
  update_accepting();
}

// A bridge that is full stays full.
void Daemon::let_in_last(const ServedBridges& bridges) {
  for (const auto& served : bridges) {
    std::size_t turned_away = 0;
    for (const BoundListen& listen : served->listens) {
      for (const auto& listener : listen.listeners) {
        turned_away += listener->accept_last();
      }
    }
    if (turned_away > 0) {
      log_.warn("connections that waited for a listener that closes are turned away",
                {{"bridge", served->bridge->name()}, {"connections", std::uint64_t{turned_away}}});
    }
  }
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
  change_memory_limit(memory_limit_of(settings.limits));
  // Only then, so that a level that was set by hand stays through other reloads.
  if (settings.log.level != settings_.log.level) {
    log_.set_level(settings.log.level);
  }
  if (settings.log.format != settings_.log.format) {
    log_.set_format(settings.log.format);
  }
  settings_ = std::move(settings);
}

// One that goes is a limit that nobody reaches: the workers go on counting.
void Daemon::change_memory_limit(std::optional<std::size_t> limit) {
  if (memory_) {
    memory_->set_limit(limit.value_or(MemoryLimit::kNone));
    return;
  }
  limit_memory(limit);
  for (const auto& worker : workers_) {
    if (memory_) {
      worker->limit_memory(*memory_);
    }
  }
}

void Daemon::log_warnings(const ServingPlan& plan) {
  for (const ServingPlan::Warning& warning : plan.warnings()) {
    log_.warn(warning.message, {{"bridge", warning.bridge}});
  }
}

}  // namespace wsbridged
