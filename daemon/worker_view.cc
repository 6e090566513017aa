// SPDX-License-Identifier: MIT
// A worker seen from outside: what its sessions do, and what an operator does to one of them.
#include <algorithm>
#include <utility>

#include "daemon/worker.h"

namespace wsbridged {

void Worker::take_view(Snapshot::Detail detail, std::function<void(WorkerView)> done) {
  loop_.post([this, detail, done = std::move(done)] {
    WorkerView view;
    if (detail != Snapshot::Detail::kNothing) {
      view.totals = totals_;
      for (const auto& [session, owned] : sessions_) {
        session->add_to(view.totals[session->name().bridge]);
      }
    }
    if (detail == Snapshot::Detail::kSessions) {
      view.sessions.reserve(std::min(sessions_.size(), kMaxSessionViews));
      for (const auto& [session, owned] : sessions_) {
        if (view.sessions.size() < kMaxSessionViews) {
          view.sessions.push_back(session->view());
        }
      }
    }
    done(std::move(view));
  });
}

Session* Worker::find_session(std::uint64_t id) const {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [id](const auto& each) { return each.first->name().id == id; });
  return found == sessions_.end() ? nullptr : found->first;
}

void Worker::kill_session(std::uint64_t id, std::function<void(bool)> done) {
  loop_.post([this, id, done = std::move(done)] {
    Session* const session = find_session(id);
    if (session != nullptr) {
      session->kill();
    }
    done(session != nullptr);
  });
}

void Worker::tap_session(std::uint64_t id, std::shared_ptr<Tap> tap,
                         std::function<void(bool)> done) {
  loop_.post([this, id, tap = std::move(tap), done = std::move(done)] {
    Session* const session = find_session(id);
    if (session != nullptr) {
      session->add_tap(tap);
    }
    done(session != nullptr);
  });
}

}  // namespace wsbridged
