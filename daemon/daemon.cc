// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "daemon/cgroup_memory.h"
#include "daemon/served.h"
#include "daemon/usable_cpus.h"

namespace wsbridged {

namespace {

// Kept free for name look-ups, racing connects and the upstreams of ended sessions, which are
// closed in the background: a quarter of a low limit, at most this.
constexpr std::size_t kReservedDescriptors = 512;

// A session takes two descriptors: so many fit, and further connections are better left in the
// accept queue than accepted and failed.
std::size_t session_limit(rlim_t descriptor_limit, std::size_t open_descriptors) {
  const std::size_t reserved = std::min<std::size_t>(kReservedDescriptors, descriptor_limit / 4);
  const std::size_t taken = open_descriptors + reserved;
  return descriptor_limit < taken + 2 ? 1 : (descriptor_limit - taken) / 2;
}

std::size_t count_open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// After drain_timeout the sides that still take bytes get this long.
constexpr std::chrono::seconds kEndingTime{2};

}  // namespace

Daemon::Daemon(config::Config settings, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      stop_timer_(loop_, [this] { handle_stop_timer(); }) {}

Daemon::~Daemon() = default;

std::vector<std::string> Daemon::open() {
  const rlim_t descriptor_limit = raise_descriptor_limit();
  std::vector<std::string> errors;
  for (const config::Bridge& bridge : settings_.bridges) {
    open_bridge(bridge, errors);
  }
  open_admin(errors);
  if (!errors.empty()) {
    served_.clear();
    return errors;
  }
  limit_memory();
  const auto resolver = ws::make_resolver();
  const unsigned threads = settings_.threads.value_or(usable_cpu_count());
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(log_, errors_, resolver, memory_ ? &*memory_ : nullptr,
                                 [this] { loop_.post([this] { finish_when_idle(); }); }));
  }
  signals_ = std::make_unique<SignalWatch>(loop_, [this](int signal) { handle_signal(signal); });
  max_sessions_ = session_limit(descriptor_limit, count_open_descriptors());
  for (const auto& served : served_) {
    start_listeners(*served);
  }
  if (admin_) {
    admin_->start();
  }
  return errors;
}

void Daemon::limit_memory() {
  std::optional<std::uint64_t> limit = settings_.limits.memory;
  if (const auto cgroup = limit ? std::nullopt : cgroup_memory_limit()) {
    limit = *cgroup / 4 * 3;
  }
  if (limit) {
    memory_.emplace(static_cast<std::size_t>(*limit));
    log_.info("buffers are limited", {{"memory", std::uint64_t{*limit}}});
  }
}

void Daemon::open_bridge(const config::Bridge& settings, std::vector<std::string>& errors) {
  auto bridge = Bridge::prepare(settings);
  if (!bridge) {
    errors.push_back("bridge " + settings.name + ": " + bridge.error().message);
    return;
  }
  for (const std::string& warning : bridge.value()->warnings()) {
    log_.warn(warning, {{"bridge", settings.name}});
  }
  auto served = std::make_unique<Served>();
  served->bridge = std::move(bridge.value());
  for (const config::Listen& listen : settings.listen) {
    auto listeners = Listener::open(loop_, listen);
    if (!listeners) {
      errors.push_back("bridge " + settings.name + ": " + listeners.error().message);
      continue;
    }
    std::move(listeners->begin(), listeners->end(), std::back_inserter(served->listeners));
  }
  served_.push_back(std::move(served));
}

void Daemon::start_listeners(Served& served) {
  served.bridge->on_session_end([this] {
    if (!is_update_posted_.exchange(true)) {
      loop_.post([this] { update_accepting(); });
    }
  });
  for (const auto& listener : served.listeners) {
    listener->start(
        [this, &served](int descriptor, Peer peer) { accept(served, descriptor, std::move(peer)); },
        [this, name = served.bridge->name()](const std::string& error) {
          note_accept_pause(name, error);
        },
        [this, name = served.bridge->name()](const Peer& peer) {
          log_.warn("connection refused: an abstract socket admits its own user and root only",
                    {{"bridge", name}, {"peer", peer.to_string()}});
        });
  }
}

std::vector<Daemon::Bound> Daemon::bound() const {
  std::vector<Bound> bound;
  for (const auto& served : served_) {
    for (const auto& listener : served->listeners) {
      bound.push_back({served->bridge->name(), listener->address()});
    }
  }
  for (const std::string& address : admin_ ? admin_->addresses() : std::vector<std::string>()) {
    bound.push_back({"admin", address});
  }
  return bound;
}

void Daemon::accept(Served& served, int descriptor, Peer peer) {
  least_loaded().adopt(SessionSlot(served.bridge), ++last_session_id_, descriptor, std::move(peer));
  update_accepting();
}

void Daemon::update_accepting() {
  is_update_posted_ = false;
  std::size_t sessions = 0;
  for (const auto& worker : workers_) {
    sessions += worker->session_count();
  }
  for (const auto& served : served_) {
    const Bridge& bridge = *served->bridge;
    const bool is_out_of_descriptors = sessions >= max_sessions_;
    const bool is_bridge_full = bridge.session_count() >= bridge.settings().session.max_connections;
    limit_accepting(*served, is_bridge_full          ? "max_connections"
                             : is_out_of_descriptors ? "open files limit (ulimit -n, LimitNOFILE)"
                                                     : std::string_view());
  }
}

// An empty `limit` lets everybody in.
void Daemon::limit_accepting(Served& served, std::string_view limit) {
  const bool is_full = !limit.empty();
  if (is_full == served.is_full) {
    return;
  }
  served.is_full = is_full;
  if (is_full) {
    log_.warn("limit reached, further connections wait",
              {{"bridge", served.bridge->name()}, {"limit", std::string(limit)}});
  }
  for (const auto& listener : served.listeners) {
    is_full ? listener->pause() : listener->resume();
  }
}

Worker& Daemon::least_loaded() {
  return **std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
    return a->session_count() < b->session_count();
  });
}

int Daemon::run() {
  loop_.run();
  const bool has_lost_bytes = std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker->has_lost_bytes();
  });
  log_.info("stopped", {{"bytes_lost", has_lost_bytes},
                        {"peak_buffered_bytes", std::uint64_t{memory_ ? memory_->peak() : 0}}});
  return has_lost_bytes ? kExitFailure : kExitClean;
}

void Daemon::stop() {
  loop_.post([this] { handle_signal(SIGTERM); });
}

void Daemon::handle_signal(int signal) {
  if (signal == SIGHUP) {
    log_.warn("SIGHUP ignored: this version cannot reload, restart it instead");
    return;
  }
  if (stage_ == Stage::kRunning) {
    drain();
    return;
  }
  stage_ = Stage::kAborting;
  log_.warn("second signal, ending at once");
  for (const auto& worker : workers_) {
    worker->abort_sessions();
  }
  finish_when_idle();
}

void Daemon::drain() {
  stage_ = Stage::kDraining;
  std::size_t sessions = 0;
  for (const auto& served : served_) {
    served->listeners.clear();
  }
  for (const auto& worker : workers_) {
    sessions += worker->session_count();
    worker->drain(settings_.shutdown.quiet);
  }
  log_.info("draining",
            {{"sessions", std::uint64_t{sessions}},
             {"drain_timeout_ms", std::int64_t{settings_.shutdown.drain_timeout.count()}}});
  stop_timer_.start(settings_.shutdown.drain_timeout);
  finish_when_idle();
}

void Daemon::handle_stop_timer() {
  const bool is_first = stage_ == Stage::kDraining;
  stage_ = is_first ? Stage::kEnding : Stage::kAborting;
  for (const auto& worker : workers_) {
    is_first ? worker->end_sessions() : worker->abort_sessions();
  }
  if (is_first) {
    stop_timer_.start(kEndingTime);
  }
}

void Daemon::finish_when_idle() {
  const bool is_idle = std::all_of(workers_.begin(), workers_.end(),
                                   [](const auto& worker) { return worker->session_count() == 0; });
  if (stage_ != Stage::kRunning && is_idle) {
    loop_.stop();
  }
}

}  // namespace wsbridged
