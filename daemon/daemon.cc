// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "daemon/cgroup_memory.h"
#include "daemon/serving_plan.h"
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

void tell_rereading(Log& log, RecentErrors& errors, const std::string& bridge,
                    const Rereading& rereading) {
  if (rereading.is_failed) {
    const std::string what = rereading.what + ", what was there before stays";
    log.warn(what, {{"bridge", bridge}, {"cause", rereading.cause}});
    errors.add({.time = std::chrono::system_clock::now(),
                .bridge = bridge,
                .cause = what + ": " + rereading.cause,
                .advice = "correct the file: it is read again by itself"});
  } else {
    log.info(rereading.what, {{"bridge", bridge}});
  }
}

// After drain_timeout the sides that still take bytes get this long: an image's default of 8 s and
// this are less than the 10 s after which `docker stop` kills.
constexpr std::chrono::seconds kEndingTime{1};

}  // namespace

Daemon::Daemon(config::Config settings, Log& log, DaemonEnvironment environment)
    : settings_(std::move(settings)),
      log_(log),
      environment_(std::move(environment)),
      cookie_writer_(log_),
      service_link_(loop_, log_, environment_.service),
      stop_timer_(loop_, [this] { handle_stop_timer(); }),
      forced_end_(loop_, log_, workers_),
      reload_patience_(loop_, [this] { tell_slow_reload(); }),
      reload_status_{.is_success = true, .time = std::chrono::system_clock::now()} {}

Daemon::~Daemon() = default;

std::vector<std::string> Daemon::open() {
  const rlim_t descriptor_limit = raise_descriptor_limit();
  std::vector<std::string> errors;
  ServingPlan plan(plan_means(), served_);
  const BridgeMeans means = bridge_means();
  for (const config::Bridge& bridge : settings_.bridges) {
    for (const config::Misfit& misfit : plan.add(bridge, gather_parts(bridge, means))) {
      errors.push_back("bridge " + bridge.name + ": " + misfit.message);
    }
  }
  if (errors.empty()) {
    if (auto error = plan.finish()) {
      errors.push_back(std::move(*error));
    }
  }
  open_admin(errors);
  if (!errors.empty()) {
    return errors;
  }
  served_ = plan.commit();
  log_warnings(plan);
  close_unused_sockets();
  limit_memory(memory_limit_of(settings_.limits));
  try {
    start_serving(descriptor_limit);
  } catch (const std::system_error& error) {
    errors.push_back(std::string("cannot start a thread: ") + error.what() +
                     " (TasksMax=, ulimit -u and kernel.threads-max limit them)");
  } catch (const std::runtime_error& error) {
    errors.push_back(std::string("cannot start: ") + error.what());
  }
  return errors;
}

void Daemon::start_serving(rlim_t descriptor_limit) {
  start_workers();
  signals_ = std::make_unique<SignalWatch>(loop_, [this](int signal) { handle_signal(signal); });
  max_sessions_ = session_limit(descriptor_limit, count_open_descriptors());
  for (const auto& served : served_) {
    start_listeners(*served);
  }
  if (admin_) {
    admin_->start();
  }
}

std::optional<std::size_t> Daemon::memory_limit_of(const config::Limits& limits) {
  if (limits.memory) {
    return limits.memory;
  }
  const auto cgroup = cgroup_memory_limit();
  return cgroup ? std::optional(static_cast<std::size_t>(*cgroup / 4 * 3)) : std::nullopt;
}

void Daemon::limit_memory(std::optional<std::size_t> limit) {
  if (limit) {
    memory_.emplace(*limit);
    log_.info("buffers are limited", {{"memory", std::uint64_t{*limit}}});
  }
}

void Daemon::start_workers() {
  const Worker::Shared shared{.log = log_,
                              .errors = errors_,
                              .cookie_writer = cookie_writer_,
                              .resolver = ws::make_resolver(),
                              .memory = memory_ ? &*memory_ : nullptr};
  const unsigned threads = settings_.threads.value_or(usable_cpu_count());
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(shared, [this] { loop_.post([this] { finish_when_idle(); }); }));
  }
}

ServingPlan::Means Daemon::plan_means() {
  return {.loop = loop_, .log = log_, .inherited = environment_.sockets};
}

BridgeMeans Daemon::bridge_means() {
  BridgeMeans means{.tls_contexts = tls_contexts_,
                    .on_session_end = session_end_callback(),
                    .on_rereading = [&log = log_, &errors = errors_](const std::string& bridge,
                                                                     const Rereading& what) {
                      tell_rereading(log, errors, bridge, what);
                    }};
  for (const auto& served : served_) {
    means.served.push_back(served->bridge);
  }
  return means;
}

void Daemon::close_unused_sockets() {
  for (const std::string& socket : environment_.sockets.close_unused()) {
    log_.warn("a socket that systemd passed is used by no bridge, it was closed",
              {{"socket", socket}});
  }
}

// From any thread.
std::function<void()> Daemon::session_end_callback() {
  return [this] {
    if (!is_update_posted_.exchange(true)) {
      loop_.post([this] { update_accepting(); });
    }
  };
}

void Daemon::start_listeners(ServedBridge& served) {
  served.admission->on_admit([this](Arrival arrival) { start_session(std::move(arrival)); });
  const auto start = [this, &served](Listener& listener, const BoundListen& listen) {
    listener.start(
        [this, &served, &listen](int descriptor, Peer peer) {
          served.admission->receive(listen.settings.proxy_protocol, Descriptor(descriptor),
                                    std::move(peer));
          update_accepting();
        },
        [this, name = served.bridge->name()](const std::string& error) {
          note_accept_pause(name, error);
        });
  };
  for (const BoundListen& listen : served.listens) {
    for (const auto& listener : listen.listeners) {
      start(*listener, listen);
    }
  }
}

std::vector<Daemon::Bound> Daemon::bound() const {
  std::vector<Bound> bound;
  for (const auto& served : served_) {
    for (const BoundListen& listen : served->listens) {
      for (const auto& listener : listen.listeners) {
        bound.push_back({served->bridge->name(), listener->address()});
      }
    }
  }
  for (const std::string& address : admin_ ? admin_->addresses() : std::vector<std::string>()) {
    bound.push_back({"admin", address});
  }
  return bound;
}

void Daemon::start_session(Arrival arrival) {
  least_loaded().adopt(std::move(arrival.slot), ++last_session_id_, arrival.descriptor.release(),
                       std::move(arrival.peer));
}

void Daemon::update_accepting() {
  is_update_posted_ = false;
  std::size_t sessions = session_count();
  std::erase_if(retiring_, [](const auto& admission) { return admission->waiting_count() == 0; });
  if (stage_ != Stage::kRunning) {
    finish_when_idle();
    return;
  }
  for (const auto& served : served_) {
    sessions += served->admission ? served->admission->waiting_count() : 0;
  }
  for (const auto& admission : retiring_) {
    sessions += admission->waiting_count();
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
void Daemon::limit_accepting(ServedBridge& served, std::string_view limit) {
  const bool is_full = !limit.empty();
  if (is_full == served.is_full) {
    return;
  }
  served.is_full = is_full;
  if (is_full) {
    log_.warn("limit reached, further connections wait",
              {{"bridge", served.bridge->name()}, {"limit", std::string(limit)}});
  }
  for (const BoundListen& listen : served.listens) {
    for (const auto& listener : listen.listeners) {
      is_full ? listener->pause() : listener->resume();
    }
  }
}

std::size_t Daemon::session_count() const {
  std::size_t sessions = 0;
  for (const auto& worker : workers_) {
    sessions += worker->session_count();
  }
  return sessions;
}

Worker& Daemon::least_loaded() {
  return **std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
    return a->session_count() < b->session_count();
  });
}

int Daemon::run() {
  start_service_link();
  loop_.run();
  forced_end_.end_threads();
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
    request_reload();
    return;
  }
  if (stage_ == Stage::kRunning) {
    drain();
    return;
  }
  log_.warn("second signal, ending at once");
  abort_sessions();
  finish_when_idle();
}

void Daemon::abort_sessions() {
  stage_ = Stage::kAborting;
  retiring_.clear();
  for (const auto& worker : workers_) {
    worker->abort_sessions();
  }
  forced_end_.start();
}

// Who waits in a queue was connected before the signal: he is let in, and drained as the others.
void Daemon::drain() {
  give_up_reload();
  let_in_last(served_);
  stage_ = Stage::kDraining;
  const std::size_t sessions = session_count();
  service_link_.stopping(settings_.shutdown.drain_timeout + kEndingTime + kForcedEndTime +
                         kThreadEndTime);
  retire(served_);
  for (const auto& served : served_) {
    served->listens.clear();
    served->admission.reset();
  }
  for (const auto& worker : workers_) {
    worker->drain(settings_.shutdown.quiet);
  }
  log_.info("draining",
            {{"sessions", std::uint64_t{sessions}},
             {"drain_timeout_ms", std::int64_t{settings_.shutdown.drain_timeout.count()}}});
  stop_timer_.start(settings_.shutdown.drain_timeout);
  finish_when_idle();
}

void Daemon::handle_stop_timer() {
  if (stage_ != Stage::kDraining) {
    abort_sessions();
    return;
  }
  stage_ = Stage::kEnding;
  retiring_.clear();
  for (const auto& worker : workers_) {
    worker->end_sessions();
  }
  stop_timer_.start(kEndingTime);
}

void Daemon::finish_when_idle() {
  const bool is_idle = session_count() == 0 &&
                       std::all_of(retiring_.begin(), retiring_.end(), [](const auto& admission) {
                         return admission->waiting_count() == 0;
                       });
  if (stage_ != Stage::kRunning && is_idle) {
    loop_.stop();
  }
}

void Daemon::start_service_link() {
  service_link_.start({.worker_count = workers_.size(),
                       .ask_worker =
                           [this](std::size_t worker, std::function<void()> answer) {
                             workers_[worker]->on_next_turn(std::move(answer));
                           },
                       .status = [this] { return status(); }});
}

std::string Daemon::status() const {
  const std::string sessions = std::to_string(session_count()) + " sessions";
  if (stage_ != Stage::kRunning) {
    return "draining, " + sessions + " left";
  }
  return std::to_string(served_.size()) + " bridges, " + sessions +
         (reload_status_.is_success ? "" : "; the last reload failed, see the log");
}

}  // namespace wsbridged
