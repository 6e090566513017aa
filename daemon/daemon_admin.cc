// SPDX-License-Identifier: MIT
// The daemon as the admin listener sees it. Questions come from the admin's thread, pass through
// the main loop to the workers, and the last one that answers hands the answer over.
#include <atomic>
#include <csignal>
#include <utility>

#include "daemon/daemon.h"

namespace wsbridged {

namespace {

BridgeView view_of(const ServedBridge& served, Failover::TimePoint now) {
  Bridge& bridge = *served.bridge;
  BridgeView view{.name = bridge.name(),
                  .dial_interval = bridge.damper().turn_interval(),
                  .max_connections = bridge.settings().session.max_connections,
                  .is_accepting = !served.is_full && !served.listens.empty(),
                  .refused_connections = bridge.load()->refused_count,
                  .cookie_expires = bridge.cookie_expires()};
  for (std::size_t url = 0; url < bridge.url_count(); ++url) {
    view.upstreams.push_back({bridge.upstream_name(url), bridge.failover().rest_left(url, now)});
  }
  for (const BoundListen& listen : served.listens) {
    for (const auto& listener : listen.listeners) {
      view.listeners.push_back(listener->address());
    }
  }
  return view;
}

// The answers of all workers, each in a place of its own.
struct Gathering {
  Snapshot snapshot;
  std::atomic<std::size_t> left;
  std::function<void(Snapshot)> done;
};

void gather(const std::vector<std::unique_ptr<Worker>>& workers, Snapshot::Detail detail,
            const std::shared_ptr<Gathering>& gathering) {
  gathering->snapshot.workers.resize(workers.size());
  gathering->left = workers.size();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i]->take_view(detail, [gathering, i](WorkerView view) {
      gathering->snapshot.workers[i] = std::move(view);
      if (--gathering->left == 0) {
        gathering->done(std::move(gathering->snapshot));
      }
    });
  }
}

// Tells once whether any of `count` workers has found the session.
std::function<void(bool)> any_of(std::size_t count, std::function<void(bool)> done) {
  struct Search {
    std::atomic<std::size_t> left;
    std::atomic<bool> is_found{false};
  };

  auto search = std::make_shared<Search>();
  search->left = count;
  return [search, done = std::move(done)](bool found) {
    if (found) {
      search->is_found = true;
    }
    if (--search->left == 0) {
      done(search->is_found);
    }
  };
}

}  // namespace

AdminServer::Settings Daemon::admin_settings(const config::Admin& admin) {
  return {.admin = admin};
}

void Daemon::open_admin(std::vector<std::string>& errors) {
  if (!settings_.admin.listen && !settings_.admin.metrics) {
    return;
  }
  auto admin =
      AdminServer::open(admin_settings(settings_.admin), look_up(settings_.admin), *this, log_);
  if (!admin) {
    errors.push_back("admin: " + admin.error().message);
    return;
  }
  admin_ = std::move(admin.value());
}

Readiness Daemon::readiness() const {
  if (stage_ == Stage::kRunning) {
    return {.is_ready = true};
  }
  return {.is_ready = false, .reason = "draining"};
}

Snapshot Daemon::own_view() const {
  Snapshot snapshot{.readiness = readiness(),
                    .started = started_,
                    .reload = reload_status_,
                    .accept_pauses = accept_pauses_,
                    .threads = static_cast<unsigned>(workers_.size()),
                    .cookie_faults = cookie_writer_.faults()};
  if (memory_ && memory_->limit() != MemoryLimit::kNone) {
    snapshot.memory = {.limit = memory_->limit(), .held = memory_->held(), .peak = memory_->peak()};
  }
  for (const auto& served : served_) {
    snapshot.bridges.push_back(view_of(*served, loop_.now()));
  }
  return snapshot;
}

void Daemon::take_snapshot(Snapshot::Detail detail, std::function<void(Snapshot)> done) {
  loop_.post([this, detail, done = std::move(done)]() mutable {
    auto gathering = std::make_shared<Gathering>();
    gathering->snapshot = own_view();
    if (detail == Snapshot::Detail::kSessions) {
      gathering->snapshot.errors = errors_.list();
    }
    gathering->done = std::move(done);
    gather(workers_, detail, gathering);
  });
}

void Daemon::kill_session(std::uint64_t id, Found done) {
  loop_.post([this, id, done = std::move(done)]() mutable {
    const Found one = any_of(workers_.size(), std::move(done));
    for (const auto& worker : workers_) {
      worker->kill_session(id, one);
    }
  });
}

void Daemon::tap_session(std::uint64_t id, std::shared_ptr<Tap> tap, Found done) {
  loop_.post([this, id, tap = std::move(tap), done = std::move(done)]() mutable {
    const Found one = any_of(workers_.size(), std::move(done));
    for (const auto& worker : workers_) {
      worker->tap_session(id, tap, one);
    }
  });
}

void Daemon::start_drain() {
  loop_.post([this] {
    if (stage_ == Stage::kRunning) {
      handle_signal(SIGTERM);
    }
  });
}

void Daemon::reload_configuration(std::function<void(ReloadResult)> done) {
  loop_.post([this, done = std::move(done)] { reload(done); });
}

void Daemon::set_log_level(config::LogLevel level) {
  log_.set_level(level);
}

void Daemon::note_accept_pause(const std::string& bridge, const std::string& error) {
  log_.warn(error.empty() ? "accepting again" : "accepting paused",
            {{"bridge", bridge}, {"cause", error}});
  if (!error.empty()) {
    ++accept_pauses_;
    errors_.add({.time = std::chrono::system_clock::now(),
                 .bridge = bridge,
                 .cause = "accepting paused: " + error,
                 .advice = "raise the limit of open files (LimitNOFILE) or of memory"});
  }
}

}  // namespace wsbridged
