// SPDX-License-Identifier: MIT
// The configuration that a command line names, for all verbs that read one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/loader.h"
#include "daemon/cli.h"

namespace wsbridged {

[[nodiscard]] config::Loaded load_config(const Command& command,
                                         const config::Environment& environment,
                                         const config::BridgeCheck& check);

// On stderr, before there is a log: "FILE:LINE:COLUMN: message", in the journal with a priority.
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
