// SPDX-License-Identifier: MIT
// The configuration that a command line names, for all verbs that read one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/loader.h"
#include "daemon/cli.h"

namespace wsbridged {

// Judged as check_bridge() does, too.
[[nodiscard]] config::Loaded load_config(const Command& command,
                                         const config::Environment& environment);

// On stderr: "FILE:LINE:COLUMN: message".
void print_errors(const std::vector<config::Problem>& errors);

// On stderr: "FILE:LINE:COLUMN: warning: message".
class WarningPrinter {
 public:
  // Each one once, though bridges may share a file.
  void print(const std::vector<config::Problem>& warnings);

 private:
  std::set<std::string> printed_;
};

// The bridge of that name; nullptr when there is none, which is told on stderr.
[[nodiscard]] const config::Bridge* find_bridge(const config::Config& settings,
                                                const std::string& name);

}  // namespace wsbridged
