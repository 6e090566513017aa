// SPDX-License-Identifier: MIT
#include "daemon/command_config.h"

#include <unistd.h>

#include <iostream>

#include "config/admin_flag.h"
#include "daemon/log.h"
#include "daemon/log_output.h"

namespace wsbridged {

namespace {

config::Loaded load_source(const Command& command, const config::Environment& environment,
                           const config::BridgeCheck& check) {
  if (command.quick_bridge) {
    return config::load_quick_bridge(*command.quick_bridge, environment, check);
  }
  if (command.config_yaml) {
    return config::load_text(*command.config_yaml, "WSBRIDGED_CONFIG_YAML", environment, check);
  }
  return config::load_file(command.config_file, environment, check);
}

// The journal takes the priority from the line (sd-daemon(3)).
const char* priority(config::LogLevel level) {
  if (!is_journal(STDERR_FILENO)) {
    return "";
  }
  return level == config::LogLevel::kError ? "<3>" : "<4>";
}

}  // namespace

config::Loaded load_config(const Command& command, const config::Environment& environment,
                           const config::BridgeCheck& check) {
  config::Loaded loaded = load_source(command, environment, check);
  if (command.admin) {
    config::override_admin(*command.admin, environment, loaded);
  }
  return loaded;
}

void print_errors(const std::vector<config::Problem>& errors) {
  for (const config::Problem& error : errors) {
    std::cerr << priority(config::LogLevel::kError) << to_string(error) << '\n';
  }
}

void WarningPrinter::print(const std::vector<config::Problem>& warnings) {
  for (config::Problem warning : warnings) {
    warning.message.insert(0, "warning: ");
    if (const auto [text, is_new] = printed_.insert(to_string(warning)); is_new) {
      std::cerr << priority(config::LogLevel::kWarn) << *text << '\n';
    }
  }
}

const config::Bridge* find_bridge(const config::Config& settings, const std::string& name) {
  std::string names;
  for (const config::Bridge& bridge : settings.bridges) {
    if (bridge.name == name) {
      return &bridge;
    }
    names += (names.empty() ? "" : ", ") + bridge.name;
  }
  std::cerr << "wsbridged: the configuration has no bridge of that name; it has " << names << '\n';
  return nullptr;
}

}  // namespace wsbridged
