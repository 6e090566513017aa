// SPDX-License-Identifier: MIT
#include "daemon/reload_reader.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace wsbridged {

// What both threads have. The loop is only touched under the mutex, and not after giving up: it may
// be gone then.
struct ReloadReader::Shared : std::enable_shared_from_this<Shared> {
  Shared(ws::EventLoop& event_loop, Hooks all) : loop(event_loop), hooks(std::move(all)) {}

  void run();
  config::Loaded load();
  std::vector<config::Misfit> judge(const config::Bridge& bridge);
  [[nodiscard]] std::vector<config::Misfit> add(const config::Bridge& bridge, BridgeParts parts);
  bool post(std::function<void()> task);

  ws::EventLoop& loop;
  const Hooks hooks;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_given_up = false;  // all below the mutex's
  bool is_over = false;
  std::optional<std::vector<config::Misfit>> answer;
};

// False when it was given up. `task` runs on the loop, unless it is given up until then.
bool ReloadReader::Shared::post(std::function<void()> task) {
  const std::lock_guard lock(mutex);
  if (is_given_up) {
    return false;
  }
  loop.post([self = shared_from_this(), task = std::move(task)] {
    // Only the loop's thread gives up, so this stays true while the task runs.
    const bool is_wanted = [&self] {
      const std::lock_guard inner(self->mutex);
      return !self->is_given_up;
    }();
    if (is_wanted) {
      task();
    }
  });
  return true;
}

// What is thrown here (no memory) refuses the new configuration and not the service of the old one.
config::Loaded ReloadReader::Shared::load() {
  try {
    return hooks.load([this](const config::Bridge& bridge) { return judge(bridge); });
  } catch (const std::exception& failure) {
    config::Loaded failed;
    failed.errors.push_back(
        {.source = "reload", .message = std::string("not finished: ") + failure.what()});
    return failed;
  }
}

void ReloadReader::Shared::run() {
  auto loaded = std::make_shared<config::Loaded>(load());
  post([this, loaded] { hooks.on_done(std::move(*loaded)); });
  const std::lock_guard lock(mutex);
  is_over = true;
  changed.notify_all();
}

// All that the start would refuse, at once. What both find is told in the words of the first.
std::vector<config::Misfit> ReloadReader::Shared::judge(const config::Bridge& bridge) {
  std::vector<config::Misfit> misfits = hooks.check(bridge);
  for (config::Misfit& found : add(bridge, hooks.gather(bridge))) {
    bool is_known = false;
    for (const config::Misfit& known : misfits) {
      is_known |= known.kind == config::Misfit::Kind::kError &&
                  known.keys.front() == found.keys.front() && known.listener == found.listener;
    }
    if (!is_known) {
      misfits.push_back(std::move(found));
    }
  }
  return misfits;
}

// Asks the loop and waits for its answer; nothing is wrong when nobody wants to know any more.
std::vector<config::Misfit> ReloadReader::Shared::add(const config::Bridge& bridge,
                                                      BridgeParts parts) {
  auto shared_parts = std::make_shared<BridgeParts>(std::move(parts));  // a task must be copyable
  const bool is_asked = post([this, bridge, shared_parts] {
    auto misfits = hooks.add(bridge, std::move(*shared_parts));
    const std::lock_guard lock(mutex);
    answer = std::move(misfits);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [this, is_asked] { return !is_asked || is_given_up || answer.has_value(); });
  return std::exchange(answer, std::nullopt).value_or(std::vector<config::Misfit>());
}

ReloadReader::ReloadReader(ws::EventLoop& loop, Hooks hooks)
    : shared_(std::make_shared<Shared>(loop, std::move(hooks))),
      thread_([shared = shared_] { shared->run(); }) {}

void ReloadReader::give_up() {
  const std::lock_guard lock(shared_->mutex);
  shared_->is_given_up = true;
  shared_->changed.notify_all();
}

ReloadReader::~ReloadReader() {
  give_up();
  const bool is_over = [this] {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, kReaderPatience, [this] { return shared_->is_over; });
  }();
  is_over ? thread_.join() : thread_.detach();
}

}  // namespace wsbridged
