// SPDX-License-Identifier: MIT
#include "daemon/command_config.h"

#include <iostream>

#include "daemon/bridge_check.h"

namespace wsbridged {

config::Loaded load_config(const Command& command, const config::Environment& environment) {
  if (command.quick_bridge) {
    return config::load_quick_bridge(*command.quick_bridge, environment, check_bridge);
  }
  if (command.config_yaml) {
    return config::load_text(*command.config_yaml, "WSBRIDGED_CONFIG_YAML", environment,
                             check_bridge);
  }
  return config::load_file(command.config_file, environment, check_bridge);
}

void print_errors(const std::vector<config::Problem>& errors) {
  for (const config::Problem& error : errors) {
    std::cerr << to_string(error) << '\n';
  }
}

void WarningPrinter::print(const std::vector<config::Problem>& warnings) {
  for (config::Problem warning : warnings) {
    warning.message.insert(0, "warning: ");
    if (const auto [text, is_new] = printed_.insert(to_string(warning)); is_new) {
      std::cerr << *text << '\n';
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
