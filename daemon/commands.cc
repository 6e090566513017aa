// SPDX-License-Identifier: MIT
#include "daemon/commands.h"

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "daemon/bridge.h"
#include "daemon/bridge_check.h"
#include "daemon/command_config.h"
#include "daemon/daemon.h"
#include "daemon/file_keeper.h"
#include "daemon/libevent_log.h"
#include "daemon/log.h"

namespace wsbridged {

namespace {

// Those that `run` logs at its start.
void print_warnings(const Command& command, const config::Loaded& loaded) {
  WarningPrinter printer;
  printer.print(loaded.warnings);
  for (const std::string& warning : command.warnings) {
    std::cerr << "warning: " << warning << '\n';
  }
  for (const config::Bridge& bridge : loaded.config.bridges) {
    if (const auto prepared = Bridge::prepare(bridge)) {
      printer.print(prepared.value()->warnings());
    }
  }
}

std::string source_name(const Command& command) {
  if (command.quick_bridge) {
    return "command line";
  }
  return command.config_yaml ? "WSBRIDGED_CONFIG_YAML" : command.config_file;
}

void log_keeper(Log& log, const FileKeeper& keeper) {
  if (keeper.is_on()) {
    log.debug("Landlock is on: only cookie jars and socket files can be changed");
  } else {
    log.info("Landlock is off", {{"cause", keeper.why_off()}});
  }
}

}  // namespace

int run_command(const Command& command, const config::Environment& environment) {
  // First of all, so that nothing that is opened later gets in between, and no child sees them.
  auto sockets = InheritedSockets::of_process();
  auto service = ServiceEnvironment::of_process();
  const FileKeeper keeper(command.no_landlock ? FileKeeper::Use::kNothing
                                              : FileKeeper::Use::kLandlock);
  const config::Loaded loaded = load_config(command, environment, check_bridge);
  print_errors(loaded.errors);
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  Log log(loaded.config.log);
  const LibeventLog libevent_log(log);
  log_keeper(log, keeper);
  for (const std::string& warning : command.warnings) {
    log.warn(warning);
  }
  for (const config::Problem& warning : loaded.warnings) {
    log.warn(to_string(warning));
  }
  Daemon daemon(
      loaded.config, log,
      {.load = [=](const auto& check) { return load_config(command, environment, check); },
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
  const config::Loaded loaded = load_config(command, environment, check_bridge);
  print_errors(loaded.errors);
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  print_warnings(command, loaded);
  if (command.print) {
    std::cout << config::print(loaded.config);
  } else {
    std::cout << source_name(command) << ": ok, " << loaded.config.bridges.size() << " bridge(s)\n";
  }
  return kExitClean;
}

}  // namespace wsbridged
