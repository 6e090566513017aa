// SPDX-License-Identifier: MIT
#include "daemon/snapshot.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsbridged {

namespace {

BridgeView& bridge_named(const std::string& name, std::vector<BridgeView>& bridges) {
  const auto found = std::find_if(bridges.begin(), bridges.end(),
                                  [&name](const BridgeView& each) { return each.name == name; });
  if (found != bridges.end()) {
    return *found;
  }
  return bridges.emplace_back(BridgeView{.name = name, .is_accepting = false});
}

}  // namespace

void merge_workers(Snapshot& snapshot) {
  for (WorkerView& worker : std::exchange(snapshot.workers, {})) {
    for (const auto& [name, totals] : worker.totals) {
      bridge_named(name, snapshot.bridges).totals.add(totals);
      snapshot.session_count += totals.sessions;
    }
    std::move(worker.sessions.begin(), worker.sessions.end(),
              std::back_inserter(snapshot.sessions));
  }
  std::sort(snapshot.sessions.begin(), snapshot.sessions.end(),
            [](const SessionView& a, const SessionView& b) { return a.id < b.id; });
  if (snapshot.sessions.size() > kMaxSessionViews) {
    snapshot.sessions.resize(kMaxSessionViews);
  }
}

}  // namespace wsbridged
