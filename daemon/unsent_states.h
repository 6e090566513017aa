// SPDX-License-Identifier: MIT
// What the service manager has not been told because its queue was full, or it was not there. READY
// is said once: if it were lost, the service would stay "activating" until it is killed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wsbridged {

// Pure. It holds one state of each kind that says how things are, the latest: four at most.
class UnsentStates {
 public:
  // Others (WATCHDOG, EXTEND_TIMEOUT_USEC) are true at their time alone, and are said again anyway.
  [[nodiscard]] static bool may_wait(std::string_view state);

  // Behind those that wait already. Precondition: may_wait(state).
  void add(std::string state);

  [[nodiscard]] bool empty() const { return states_.empty(); }

  // The one that is to be sent first. Precondition, here and below: not empty().
  [[nodiscard]] const std::string& front() const { return states_.front(); }

  void pop() { states_.erase(states_.begin()); }

 private:
  std::vector<std::string> states_;
};

}  // namespace wsbridged
