// SPDX-License-Identifier: MIT
#include "daemon/worker.h"

#include <cstdlib>
#include <utility>

namespace wsbridged {

namespace {

constexpr std::chrono::hours kFarAway{1};
// Memory pressure comes and goes; that it is there is worth an entry now and then.
constexpr std::chrono::minutes kPressureEntries{1};

}  // namespace

Worker::Worker(Log& log, RecentErrors& errors, const std::shared_ptr<ws::Resolver>& resolver,
               MemoryLimit* memory, std::function<void()> on_idle)
    : log_(log),
      errors_(errors),
      on_idle_(std::move(on_idle)),
      keep_running_(loop_, [this] { keep_running_.start(kFarAway); }),
      memory_limit_(memory),
      memory_timer_(loop_, [this] { memory_->look(loop_.now()); }),
      sweep_(loop_, [this] { finished_.clear(); }) {
  loop_.use_resolver(resolver);
  if (memory_limit_ != nullptr) {
    memory_.emplace(*memory_limit_, memory_hooks());
  }
  keep_running_.start(kFarAway);
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  loop_.stop();
  thread_.join();
}

void Worker::run() {
  try {
    loop_.run();
  } catch (const std::exception& exception) {
    // Nothing on a worker throws but the allocator: what state is left cannot be trusted.
    log_.error("worker failed, stopping", {{"cause", std::string(exception.what())}});
    std::_Exit(1);
  }
}

void Worker::adopt(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer) {
  ++session_count_;
  auto shared_slot = std::make_shared<SessionSlot>(std::move(slot));  // a task must be copyable
  loop_.post([this, shared_slot, session_id, descriptor, peer = std::move(peer)]() mutable {
    start_session(std::move(*shared_slot), session_id, descriptor, std::move(peer));
  });
}

void Worker::start_session(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer) {
  Session::Environment environment{.loop = loop_,
                                   .log = log_,
                                   .jar = jar_of(*slot.bridge()),
                                   .totals = totals_[slot.bridge()->name()],
                                   .errors = errors_,
                                   .memory = memory_ ? &*memory_ : nullptr,
                                   .on_finished = [this](Session& session) { forget(session); }};
  auto session = std::make_unique<Session>(
      std::move(environment), std::move(slot), session_id,
      Session::Local{.stream = ws::net::adopt_socket(loop_, descriptor), .peer = std::move(peer)});
  if (is_draining_) {
    session->drain(quiet_);
  }
  Session* const key = session.get();
  sessions_.emplace(key, std::move(session));
}

void Worker::forget(Session& session) {
  const auto found = sessions_.find(&session);
  const SessionReport& report = session.report();
  if (is_draining_ && (report.has_lost_bytes() || report.discarded_bytes > 0)) {
    has_lost_bytes_ = true;
  }
  finished_.push_back(std::move(found->second));
  sessions_.erase(found);
  sweep_.start(std::chrono::milliseconds(0));
  if (--session_count_ == 0) {
    on_idle_();
  }
}

MemoryWatch::Hooks Worker::memory_hooks() {
  return {.look_after = [this](std::chrono::milliseconds delay) { memory_timer_.start(delay); },
          .set_read_size = [this](std::size_t bytes) { loop_.set_read_size(bytes); },
          .on_pressure = [this](MemoryWatch::Pressure pressure) { report_pressure(pressure); }};
}

void Worker::report_pressure(MemoryWatch::Pressure pressure) {
  if (pressure == MemoryWatch::Pressure::kEnds ||
      (pressure_told_at_ && loop_.now() - *pressure_told_at_ < kPressureEntries)) {
    return;
  }
  pressure_told_at_ = loop_.now();
  log_.warn("limits.memory is nearly used up, reading pauses for the sessions that hold the most",
            {{"limit_bytes", std::uint64_t{memory_limit_->limit()}},
             {"buffered_bytes", std::uint64_t{memory_limit_->held()}}});
}

void Worker::drain(std::chrono::milliseconds quiet) {
  loop_.post([this, quiet] {
    is_draining_ = true;
    quiet_ = quiet;
    for_each_session([quiet](Session& session) { session.drain(quiet); });
  });
}

void Worker::end_sessions() {
  loop_.post([this] { for_each_session([](Session& session) { session.end_for_shutdown(); }); });
}

void Worker::abort_sessions() {
  loop_.post([this] {
    is_draining_ = true;
    for_each_session([](Session& session) { session.abort(); });
  });
}

void Worker::for_each_session(const std::function<void(Session&)>& action) {
  std::vector<Session*> all;  // an action may end its session
  all.reserve(sessions_.size());
  for (const auto& [session, owned] : sessions_) {
    all.push_back(session);
  }
  for (Session* const session : all) {
    action(*session);
  }
}

std::shared_ptr<ws::CookieJar> Worker::jar_of(Bridge& bridge) {
  const std::string& file = bridge.settings().upstream.cookie_jar;
  if (file.empty()) {
    return nullptr;
  }
  const auto known = jars_.find(file);
  if (known != jars_.end()) {
    refresh(known->second, bridge);
    return known->second.jar;
  }
  auto jar = bridge.make_jar();
  if (!jar) {
    log_.warn("cookie jar not read, sending no cookies",
              {{"bridge", bridge.name()}, {"cause", jar.error().message}});
    return nullptr;
  }
  return jars_.emplace(file, KnownJar{std::move(jar.value()), {}}).first->second.jar;
}

// The dial does the same again, which is cheap; here is who can tell what is wrong with a new file.
void Worker::refresh(KnownJar& known, Bridge& bridge) {
  const auto changed = known.jar->refresh();
  std::string error = changed ? std::string() : changed.error().message;
  if (!error.empty() && error != known.error) {
    log_.warn("cookie jar not read again, the cookies of before stay",
              {{"bridge", bridge.name()}, {"cause", error}});
  }
  known.error = std::move(error);
  if (changed && changed.value()) {
    bridge.note_cookies(*known.jar);
    for (const std::string& warning : bridge.warnings_of(*known.jar)) {
      log_.warn(warning, {{"bridge", bridge.name()}});
    }
  }
}

}  // namespace wsbridged
