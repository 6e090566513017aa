// SPDX-License-Identifier: MIT
#include "daemon/cookie_problems.h"

namespace wsbridged {

void CookieProblems::tell(const ws::CookieJar& jar, const std::string& bridge,
                          Clock::time_point now) {
  if (now >= forget_) {
    told_.clear();
  }
  for (const ws::CookieFileProblem& problem : jar.problems()) {
    const bool is_of_file = problem.line != 0;  // told when it was read
    if (is_of_file || told_.size() >= kMaxTold || !told_.emplace(bridge, problem.message).second) {
      continue;
    }
    forget_ = told_.size() == 1 ? now + kSilence : forget_;
    log_.warn("cookie of the server not kept", {{"bridge", bridge}, {"cause", problem.message}});
  }
}

}  // namespace wsbridged
