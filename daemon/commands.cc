// SPDX-License-Identifier: MIT
#include "daemon/commands.h"

#include <iostream>
#include <string>
#include <vector>

#include "daemon/daemon.h"
#include "daemon/log.h"

namespace wsbridged {

namespace {

config::Loaded load(const Command& command, const config::Environment& environment) {
  if (command.quick_bridge) {
    return config::load_quick_bridge(*command.quick_bridge, environment);
  }
  if (command.config_yaml) {
    return config::load_text(*command.config_yaml, "WSBRIDGED_CONFIG_YAML", environment);
  }
  return config::load_file(command.config_file, environment);
}

void print_all(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    std::cerr << line << '\n';
  }
}

void print_all(const std::vector<config::Problem>& problems, const char* prefix) {
  for (const config::Problem& problem : problems) {
    std::cerr << prefix << to_string(problem) << '\n';
  }
}

std::string source_name(const Command& command) {
  if (command.quick_bridge) {
    return "command line";
  }
  return command.config_yaml ? "WSBRIDGED_CONFIG_YAML" : command.config_file;
}

}  // namespace

int run_command(const Command& command, const config::Environment& environment) {
  const config::Loaded loaded = load(command, environment);
  print_all(loaded.errors, "");
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  Log log(loaded.config.log);
  for (const std::string& warning : command.warnings) {
    log.warn(warning);
  }
  for (const config::Problem& warning : loaded.warnings) {
    log.warn(to_string(warning));
  }
  // A configuration that does not fit the world is as wrong as one that cannot be read; a socket
  // that cannot be bound is a failure of this run.
  const std::vector<std::string> misfits = check_bridges(loaded.config);
  print_all(misfits);
  if (!misfits.empty()) {
    return kExitUsage;
  }
  Daemon daemon(loaded.config, log);
  const std::vector<std::string> errors = daemon.open();
  for (const std::string& error : errors) {
    log.error(error);
  }
  if (!errors.empty()) {
    return kExitFailure;
  }
  for (const Daemon::Bound& bound : daemon.bound()) {
    std::cout << "ready: " << bound.bridge << " on " << bound.address << '\n';
  }
  std::cout.flush();
  return daemon.run();
}

int check_command(const Command& command, const config::Environment& environment) {
  const config::Loaded loaded = load(command, environment);
  print_all(loaded.errors, "");
  print_all(loaded.warnings, "warning: ");
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  const std::vector<std::string> misfits = check_bridges(loaded.config);
  print_all(misfits);
  if (!misfits.empty()) {
    return kExitUsage;
  }
  if (command.print) {
    std::cout << config::print(loaded.config);
  } else {
    std::cout << source_name(command) << ": ok, " << loaded.config.bridges.size() << " bridge(s)\n";
  }
  return kExitClean;
}

}  // namespace wsbridged
