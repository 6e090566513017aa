// SPDX-License-Identifier: MIT
// The command line and its environment variables, turned into one value; nothing is read or started
// here.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/admin_flag.h"
#include "config/loader.h"
#include "daemon/ctl.h"

namespace wsbridged {

struct Command {
  enum class Verb : unsigned char {
    kRun,
    kCheck,
    kProbe,
    kCat,
    kDemo,
    kCtl,
    kHealthcheck
  } verb = Verb::kRun;
  // Exactly one of these three says where the configuration comes from (none for demo).
  std::string config_file;                          // flag, variable, or the default path
  bool is_file_named = false;                       // not the default; of ctl and healthcheck
  std::optional<std::string> config_yaml;           // WSBRIDGED_CONFIG_YAML
  std::optional<config::QuickBridge> quick_bridge;  // --upstream
  bool print = false;                               // check --print
  bool json = false;                                // probe --json
  std::string target;                               // of probe and cat: a bridge; empty: all
  std::optional<config::AdminFlag> admin{};         // --admin or its variable
  bool no_landlock = false;                         // --no-landlock or its variable
  CtlCommand ctl{};                                 // for kCtl
  HealthCommand health{};                           // for kHealthcheck
  std::vector<std::string> warnings;                // unknown WSBRIDGED_* variables
};

// Text to print and the status to exit with: --help and --version (0, stdout), bad usage (2,
// stderr).
struct Answer {
  int status = 0;
  std::string text;
};

// `names` are all variable names of the environment, for the warnings.
[[nodiscard]] std::variant<Command, Answer> parse_command_line(
    int argc, const char* const* argv, const config::Environment& environment,
    const std::vector<std::string>& names);

}  // namespace wsbridged
