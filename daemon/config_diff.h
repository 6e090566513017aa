// SPDX-License-Identifier: MIT
// What a reload changes, for the log: keys by their path, secrets redacted. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace wsbridged {

struct ConfigChange {
  std::string path;    // "bridges.chat.upstream.url"
  std::string before;  // as `check --print` shows it; empty: the key was not there
  std::string after;
  bool operator==(const ConfigChange&) const = default;
};

// In the order of `check --print`, what went first. A bridge that comes or goes is one change, its
// keys are none; so is a listener. A secret that changed has the same text before and after.
[[nodiscard]] std::vector<ConfigChange> config_diff(const config::Config& before,
                                                    const config::Config& after);

}  // namespace wsbridged
