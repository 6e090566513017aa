// SPDX-License-Identifier: MIT
// The verb `probe`: each upstream in turn.
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string_view>

#include "daemon/bridge.h"
#include "daemon/command_config.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/probe.h"
#include "daemon/probe_print.h"

namespace wsbridged {

namespace {

// https://no-color.org: any non-empty value.
Colour colour_of_stdout() {
  const auto value = [](const char* name) {
    const char* const text = std::getenv(name);
    return std::string_view(text == nullptr ? "" : text);
  };
  const bool is_wanted = isatty(STDOUT_FILENO) == 1 && value("NO_COLOR").empty() &&
                         value("TERM") != "dumb" && !value("TERM").empty();
  return is_wanted ? Colour::kYes : Colour::kNo;
}

// False when something has failed.
bool probe_bridge(const config::Bridge& settings, bool is_json) {
  auto bridge = Bridge::prepare(settings);
  if (!bridge) {
    std::cerr << "bridge " << settings.name << ": " << bridge.error().message << '\n';
    return false;
  }
  print_warnings(bridge.value()->warnings());
  bool is_ok = true;
  for (std::size_t url = 0; url < bridge.value()->url_count(); ++url) {
    const ProbeReport report = Probe(*bridge.value(), url).run();
    std::cout << (is_json ? probe_json(report)
                          : probe_text(report, std::time(nullptr), colour_of_stdout()))
              << std::flush;
    is_ok = is_ok && report.is_ok();
  }
  return is_ok;
}

}  // namespace

int probe_command(const Command& command, const config::Environment& environment) {
  const config::Loaded loaded = load_config(command, environment);
  print_errors(loaded.errors);
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  for (const std::string& warning : command.warnings) {
    std::cerr << "warning: " << warning << '\n';
  }
  if (!command.target.empty() && find_bridge(loaded.config, command.target) == nullptr) {
    return kExitUsage;
  }
  bool is_ok = true;
  for (const config::Bridge& bridge : loaded.config.bridges) {
    if (command.target.empty() || bridge.name == command.target) {
      is_ok = probe_bridge(bridge, command.json) && is_ok;
    }
  }
  return is_ok ? kExitClean : kExitFailure;
}

}  // namespace wsbridged
