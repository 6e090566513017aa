// SPDX-License-Identifier: MIT
#include "daemon/worker.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

#include "daemon/last_words.h"
#include "daemon/template.h"

namespace wsbridged {

namespace {

constexpr std::chrono::hours kFarAway{1};
// Memory pressure comes and goes; that it is there is worth an entry now and then.
constexpr std::chrono::minutes kPressureEntries{1};

// Empty without one, and where a template of it has no value: then the session refuses itself.
std::string jar_file_of(const Bridge& bridge, const TemplateValues& values) {
  auto file = substitute(bridge.settings().upstream.cookie_jar, TemplateUse::kPath, values);
  return std::holds_alternative<std::string>(file) ? std::get<std::string>(std::move(file)) : "";
}

}  // namespace

Worker::Worker(const Shared& shared, std::function<void()> on_idle)
    : log_(shared.log),
      errors_(shared.errors),
      cookie_writer_(shared.cookie_writer),
      on_idle_(std::move(on_idle)),
      keep_running_(loop_, [this] { keep_running_.start(kFarAway); }),
      cookie_problems_(log_),
      memory_timer_(loop_, [this] { memory_->look(loop_.now()); }),
      sweep_(loop_, [this] { finished_.clear(); }) {
  loop_.use_resolver(shared.resolver);
  if (shared.memory != nullptr) {
    watch_memory(*shared.memory);
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
    end_at_once(exception.what());  // without memory the entry was not written
  }
  end_.set_value();
}

void Worker::adopt(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer) {
  ++session_count_;
  auto shared_slot = std::make_shared<SessionSlot>(std::move(slot));  // a task must be copyable
  loop_.post([this, shared_slot, session_id, descriptor, peer = std::move(peer)]() mutable {
    start_session(std::move(*shared_slot), session_id, descriptor, std::move(peer));
  });
}

void Worker::start_session(SessionSlot slot, std::uint64_t session_id, int descriptor, Peer peer) {
  const Session::Environment& environment = environment_of(slot.bridge()->name());
  auto session = std::make_unique<Session>(
      environment, std::move(slot), session_id,
      Session::Local{.stream = ws::net::adopt_socket(loop_, descriptor), .peer = std::move(peer)});
  if (is_draining_) {
    session->drain(quiet_);
  }
  Session* const key = session.get();
  sessions_.emplace(key, std::move(session));
}

Session::Environment& Worker::environment_of(const std::string& bridge) {
  const auto known = environments_.find(bridge);
  if (known != environments_.end()) {
    return known->second;
  }
  const Session::Environment environment{
      .loop = loop_,
      .log = log_,
      .jar =
          [this](Bridge& asking, const TemplateValues& values) {
            return jar_of(asking, jar_file_of(asking, values));
          },
      .cookie_problems = cookie_problems_,
      .totals = totals_[bridge],
      .errors = errors_,
      .memory = memory_ ? &*memory_ : nullptr,
      .on_finished = [this](Session& session) { forget(session); }};
  return environments_.emplace(bridge, environment).first->second;
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

void Worker::limit_memory(MemoryLimit& limit) {
  loop_.post([this, &limit] {
    watch_memory(limit);
    for_each_session([this](Session& session) { session.limit_memory(*memory_); });
  });
}

void Worker::watch_memory(MemoryLimit& limit) {
  memory_limit_ = &limit;
  memory_.emplace(limit, memory_hooks());
  for (auto& [bridge, environment] : environments_) {
    environment.memory = &*memory_;
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

std::shared_ptr<ws::CookieJar> Worker::jar_of(Bridge& bridge, const std::string& file) {
  if (file.empty()) {
    return nullptr;
  }
  auto known = jars_.find(file);
  if (known == jars_.end()) {
    auto jar = Bridge::make_jar(file);
    if (!jar) {
      tell_jar_failure(bridge, "cookie jar not read, sending no cookies", jar.error().message);
      return nullptr;
    }
    if (jars_.size() >= kMaxJars) {
      jars_.erase(std::min_element(jars_.begin(), jars_.end(), [](const auto& a, const auto& b) {
        return a.second.last_use < b.second.last_use;
      }));
    }
    if (jar.value() != nullptr) {
      jar.value()->write_through(
          [this](ws::CookieWrite write) { cookie_writer_.write(std::move(write)); });
    }
    known = jars_.emplace(file, KnownJar{.jar = std::move(jar.value())}).first;
  } else {
    refresh(*known, bridge);
  }
  known->second.last_use = ++jar_uses_;
  return known->second.jar;
}

void Worker::tell_jar_failure(const Bridge& bridge, const std::string& what,
                              const std::string& cause) {
  log_.warn(what, {{"bridge", bridge.name()}, {"cause", cause}});
  errors_.add({.time = std::chrono::system_clock::now(),
               .bridge = bridge.name(),
               .cause = what + ": " + cause,
               .advice = "correct the file: it is read again by the next dial"});
}

// The dial does the same again, which is cheap; here is who can tell what is wrong with a new file.
void Worker::refresh(KnownJars::value_type& known, Bridge& bridge) {
  auto& [file, entry] = known;
  const auto changed = entry.jar->refresh();
  std::string error = changed ? std::string() : changed.error().message;
  if (!error.empty() && error != entry.error) {
    tell_jar_failure(bridge, "cookie jar not read again, the cookies of before stay", error);
  }
  entry.error = std::move(error);
  if (changed && changed.value()) {
    bridge.note_cookies(*entry.jar);
    for (const config::Problem& warning : Bridge::warnings_of(*entry.jar, file)) {
      log_.warn(to_string(warning), {{"bridge", bridge.name()}});
    }
  }
}

}  // namespace wsbridged
