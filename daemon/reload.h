// SPDX-License-Identifier: MIT
// Reading the configuration again while sessions run: what it needs and what came of it. The steps
// are Daemon's, in reload.cc; what changed is told by config_diff.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "config/loader.h"
#include "daemon/config_diff.h"

namespace wsbridged {

// Reads the configuration of the start once more: file, text or flags, with every reference in it.
using ConfigLoader = std::function<config::Loaded(const config::BridgeCheck& check)>;

// For the metrics: wsbridged_config_last_reload_success and its timestamp.
struct ReloadStatus {
  bool is_success = true;
  std::chrono::system_clock::time_point time{};
};

// Each is told, in the log and to whoever asked for the reload; the rest is counted.
inline constexpr std::size_t kMaxToldChanges = 100;

struct ReloadResult {
  // "FILE:LINE:COLUMN: message" of everything that is wrong, or why there was no reload; empty when
  // the new configuration is in force. Else the one of before is.
  std::vector<std::string> errors{};
  std::size_t change_count = 0;
  std::vector<ConfigChange> changes{};  // the first kMaxToldChanges; secrets redacted
  std::vector<std::string> warnings{};
};

// Who wait for the next reload while one is under way; as many as connect to the admin listener at
// once, so that beyond it somebody has left.
inline constexpr std::size_t kMaxReloadAskers = 64;

using ReloadCallback = std::function<void(const ReloadResult& result)>;

// A reload that takes longer says so in the log: somebody waits for files or names.
inline constexpr std::chrono::seconds kReloadPatience{10};

}  // namespace wsbridged
