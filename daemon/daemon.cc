// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "daemon/cgroup_memory.h"
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

struct Daemon::Served {
  std::shared_ptr<Bridge> bridge;
  std::unique_ptr<Admission> admission;  // null once draining
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<config::ProxyProtocol> proxy_protocols;  // of the listener at the same place
  bool is_full = false;  // further connections wait in the accept queue
};

Daemon::Daemon(config::Config settings, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      cookie_writer_(log),
      stop_timer_(loop_, [this] { handle_stop_timer(); }) {}

Daemon::~Daemon() = default;

std::vector<std::string> Daemon::open() {
  const rlim_t descriptor_limit = raise_descriptor_limit();
  std::vector<std::string> errors;
  for (const config::Bridge& bridge : settings_.bridges) {
    open_bridge(bridge, errors);
  }
  if (!errors.empty()) {
    served_.clear();
    return errors;
  }
  limit_memory();
  const Worker::Shared shared{.log = log_,
                              .cookie_writer = cookie_writer_,
                              .resolver = ws::make_resolver(),
                              .memory = memory_ ? &*memory_ : nullptr};
  const unsigned threads = settings_.threads.value_or(usable_cpu_count());
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(shared, [this] { loop_.post([this] { finish_when_idle(); }); }));
  }
  signals_ = std::make_unique<SignalWatch>(loop_, [this](int signal) { handle_signal(signal); });
  max_sessions_ = session_limit(descriptor_limit, count_open_descriptors());
  for (const auto& served : served_) {
    start_listeners(*served);
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
  auto bridge = Bridge::prepare(settings, tls_contexts_);
  if (!bridge) {
    errors.push_back("bridge " + settings.name + ": " + bridge.error().message);
    return;
  }
  for (const std::string& warning : bridge.value()->warnings()) {
    log_.warn(warning, {{"bridge", settings.name}});
  }
  auto access = AccessList::resolve(settings.access);
  if (const auto* unknown = std::get_if<AccessList::Unknown>(&access)) {
    errors.push_back("bridge " + settings.name + ": " + unknown->key + ": " + unknown->message);
    return;
  }
  auto served = std::make_unique<Served>();
  served->bridge = std::move(bridge.value());
  served->admission = std::make_unique<Admission>(loop_, log_, served->bridge,
                                                  std::get<AccessList>(std::move(access)));
  for (const config::Listen& listen : settings.listen) {
    auto listeners = Listener::open(loop_, listen);
    if (!listeners) {
      errors.push_back("bridge " + settings.name + ": " + listeners.error().message);
      continue;
    }
    std::move(listeners->begin(), listeners->end(), std::back_inserter(served->listeners));
    served->proxy_protocols.resize(served->listeners.size(), listen.proxy_protocol);
  }
  served_.push_back(std::move(served));
}

void Daemon::start_listeners(Served& served) {
  served.bridge->on_rereading([this, name = served.bridge->name()](const Rereading& rereading) {
    if (rereading.is_failed) {
      log_.warn(rereading.what + ", what was there before stays",
                {{"bridge", name}, {"cause", rereading.cause}});
    } else {
      log_.info(rereading.what, {{"bridge", name}});
    }
  });
  served.bridge->on_session_end([this] {
    if (!is_update_posted_.exchange(true)) {
      loop_.post([this] { update_accepting(); });
    }
  });
  served.admission->on_admit([this](Arrival arrival) { start_session(std::move(arrival)); });
  for (std::size_t i = 0; i < served.listeners.size(); ++i) {
    served.listeners[i]->start(
        [this, &served, i](int descriptor, Peer peer) {
          served.admission->receive(served.proxy_protocols[i], Descriptor(descriptor),
                                    std::move(peer));
          update_accepting();
        },
        [this, name = served.bridge->name()](const std::string& error) {
          log_.warn(error.empty() ? "accepting again" : "accepting paused",
                    {{"bridge", name}, {"cause", error}});
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
  return bound;
}

void Daemon::start_session(Arrival arrival) {
  least_loaded().adopt(std::move(arrival.slot), ++last_session_id_, arrival.descriptor.release(),
                       std::move(arrival.peer));
}

void Daemon::update_accepting() {
  is_update_posted_ = false;
  std::size_t sessions = 0;
  for (const auto& worker : workers_) {
    sessions += worker->session_count();
  }
  for (const auto& served : served_) {
    sessions += served->admission ? served->admission->waiting_count() : 0;
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
    served->admission.reset();
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
