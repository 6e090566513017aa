// SPDX-License-Identifier: MIT
// The threads behind name resolution and the book of names that wait for them.
#include "net/resolver.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

namespace ws {
namespace {

using Addresses = std::vector<net::Address>;

// Far beyond any deadline: only there so that the loop has something to wait for.
constexpr std::chrono::hours kKeepAlive{24};

Error resolve_error(const std::string& host, const std::string& reason) {
  return Error{.phase = Phase::kResolve,
               .code = ErrorCode::kResolveFailed,
               .message = "resolve " + host + ": " + reason};
}

// An embedding program's signals belong to its own threads.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

// The part of a request that its look-up and a posted result may outlive.
struct Resolver::Waiter {
  EventLoop* loop;   // alive while the waiter is on a name's list
  Request* request;  // touched on the loop's thread only; nullptr: cancelled
};

// Shared with the threads, so that it lives until the last hung look-up has returned.
struct Resolver::State {
  struct Name {
    std::string key;
    std::string host;
    std::uint16_t port = 0;
    std::vector<std::shared_ptr<Waiter>> waiters{};
  };

  explicit State(Lookup function) : lookup(std::move(function)) {}

  // With `mutex` held:
  bool add(const std::shared_ptr<Waiter>& waiter, const std::string& key, const std::string& host,
           std::uint16_t port);
  void remove(const std::shared_ptr<Waiter>& waiter, const std::string& key);
  void finish(const std::shared_ptr<Name>& name, const Result<Addresses>& result);

  [[nodiscard]] Result<Addresses> run_lookup(const Name& name) const;
  static void start_thread(const std::shared_ptr<State>& state);
  void work();

  const Lookup lookup;
  std::mutex mutex;
  std::condition_variable wake;
  std::unordered_map<std::string, std::shared_ptr<Name>> names;  // waiting or under way
  std::deque<std::shared_ptr<Name>> queue;                       // waiting for a thread
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

bool Resolver::State::add(const std::shared_ptr<Waiter>& waiter, const std::string& key,
                          const std::string& host, std::uint16_t port) {
  if (const auto known = names.find(key); known != names.end()) {
    known->second->waiters.push_back(waiter);
    return true;
  }
  if (names.size() >= kMaxNames) {
    return false;
  }
  auto name = std::make_shared<Name>(Name{.key = key, .host = host, .port = port});
  name->waiters.push_back(waiter);
  names.emplace(key, name);
  queue.push_back(std::move(name));
  return true;
}

void Resolver::State::remove(const std::shared_ptr<Waiter>& waiter, const std::string& key) {
  const auto known = names.find(key);
  if (known == names.end()) {
    return;
  }
  std::erase(known->second->waiters, waiter);
  if (!known->second->waiters.empty()) {
    return;
  }
  // Nobody waits any more: a name in the queue makes room. One under way cannot be stopped; it
  // stays known, so that asking again joins it.
  if (std::erase(queue, known->second) != 0) {
    names.erase(known);
  }
}

void Resolver::State::finish(const std::shared_ptr<Name>& name, const Result<Addresses>& result) {
  names.erase(name->key);
  for (const auto& waiter : name->waiters) {
    // Posting under the lock: a request takes itself off this list before its loop may go.
    waiter->loop->post([waiter, result] {
      if (waiter->request != nullptr) {
        waiter->request->deliver(result);
      }
    });
  }
}

Result<Addresses> Resolver::State::run_lookup(const Name& name) const {
  try {
    return lookup(name.host, name.port);
  } catch (const std::exception& exception) {  // out of memory, or an injected function's
    return resolve_error(name.host, exception.what());
  }
}

void Resolver::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    ++idle;
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
    --idle;
    if (queue.empty()) {
      return;
    }
    const std::shared_ptr<Name> name = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    const Result<Addresses> result = run_lookup(*name);
    lock.lock();
    finish(name, result);
  }
}

void Resolver::State::start_thread(const std::shared_ptr<State>& state) {
  const AllSignalsBlocked blocked;
  // Detached: nothing can interrupt getaddrinfo, and nobody shall wait for it.
  std::thread([state] { state->work(); }).detach();
  ++state->threads;
}

Resolver::Resolver() : Resolver(&net::look_up) {}

Resolver::Resolver(Lookup lookup) : state_(std::make_shared<State>(std::move(lookup))) {}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;  // the threads leave when nobody waits any more
  state_->wake.notify_all();
}

std::unique_ptr<Resolver::Request> Resolver::resolve(EventLoop& loop, const std::string& host,
                                                     std::uint16_t port, Callback on_done) {
  std::string key = host + ":" + std::to_string(port);
  std::unique_ptr<Request> request(new Request(loop, state_, std::move(key), std::move(on_done)));
  const std::shared_ptr<Waiter> waiter = request->waiter_;
  const auto fail = [&](const std::string& reason) {
    loop.post([waiter, error = resolve_error(host, reason)] {
      if (waiter->request != nullptr) {
        waiter->request->deliver(error);
      }
    });
  };
  const std::lock_guard lock(state_->mutex);
  if (!state_->add(waiter, request->key_, host, port)) {
    fail(std::to_string(kMaxNames) + " other names are waiting to be resolved");
    return request;
  }
  try {
    if (state_->queue.size() > state_->idle && state_->threads < kThreads) {
      State::start_thread(state_);
    }
    state_->wake.notify_one();
  } catch (const std::system_error& error) {
    if (state_->threads == 0) {  // otherwise the others come to it
      state_->remove(waiter, request->key_);
      fail(std::string("cannot start a thread: ") + error.what());
    }
  }
  return request;
}

Resolver::Request::Request(EventLoop& loop, std::shared_ptr<State> state, std::string key,
                           Callback on_done)
    : state_(std::move(state)),
      key_(std::move(key)),
      on_done_(std::move(on_done)),
      keep_alive_(loop, [] {}),
      waiter_(std::make_shared<Waiter>(Waiter{.loop = &loop, .request = this})) {
  keep_alive_.start(kKeepAlive);
}

Resolver::Request::~Request() {
  waiter_->request = nullptr;
  const std::lock_guard lock(state_->mutex);
  state_->remove(waiter_, key_);
}

void Resolver::Request::deliver(Result<Addresses> result) {
  keep_alive_.stop();
  const Callback on_done = std::move(on_done_);
  waiter_->request = nullptr;
  on_done(std::move(result));  // may destroy this
}

std::shared_ptr<Resolver> make_resolver() {
  return std::make_shared<Resolver>();
}

}  // namespace ws
