// SPDX-License-Identifier: MIT
#include "daemon/commands.h"

#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "daemon/bridge.h"
#include "daemon/bridge_check.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

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

config::Loaded load(const Command& command, const config::Environment& environment,
                    const config::BridgeCheck& check) {
  config::Loaded loaded = load_source(command, environment, check);
  if (command.admin) {
    config::override_admin(*command.admin, environment, loaded);
  }
  return loaded;
}

// Before there is a log; the journal takes the priority from the line (sd-daemon(3)).
void print_all(const std::vector<config::Problem>& problems, config::LogLevel level) {
  const bool is_error = level == config::LogLevel::kError;
  const char* const priority = is_journal(STDERR_FILENO) ? (is_error ? "<3>" : "<4>") : "";
  for (const config::Problem& problem : problems) {
    std::cerr << priority << (is_error ? "" : "warning: ") << to_string(problem) << '\n';
  }
}

// Those that `run` logs at its start.
void print_warnings(const Command& command, const config::Config& settings) {
  for (const std::string& warning : command.warnings) {
    std::cerr << "warning: " << warning << '\n';
  }
  for (const config::Bridge& bridge : settings.bridges) {
    const auto prepared = Bridge::prepare(bridge);
    for (const std::string& warning :
         prepared ? prepared.value()->warnings() : std::vector<std::string>()) {
      std::cerr << "warning: bridge " << bridge.name << ": " << warning << '\n';
    }
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
  // First of all, so that nothing that is opened later gets in between, and no child sees them.
  auto sockets = InheritedSockets::of_process();
  auto service = ServiceEnvironment::of_process();
  const config::Loaded loaded = load(command, environment, check_bridge);
  print_all(loaded.errors, config::LogLevel::kError);
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
  Daemon daemon(loaded.config, log,
                {.load = [&](const auto& check) { return load(command, environment, check); },
                 .sockets = std::move(sockets),
                 .service = std::move(service)});
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
  const config::Loaded loaded = load(command, environment, check_bridge);
  print_all(loaded.errors, config::LogLevel::kError);
  print_all(loaded.warnings, config::LogLevel::kWarn);
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  print_warnings(command, loaded.config);
  if (command.print) {
    std::cout << config::print(loaded.config);
  } else {
    std::cout << source_name(command) << ": ok, " << loaded.config.bridges.size() << " bridge(s)\n";
  }
  return kExitClean;
}

}  // namespace wsbridged
