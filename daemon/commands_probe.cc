// SPDX-License-Identifier: MIT
// The verb `probe`: each upstream in turn.
#include <unistd.h>

#include <ctime>
#include <iostream>
#include <utility>

#include "daemon/bridge.h"
#include "daemon/bridge_check.h"
#include "daemon/command_config.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/log_output.h"
#include "daemon/probe.h"
#include "daemon/probe_print.h"

namespace wsbridged {

namespace {

enum class Form : unsigned char { kText, kJson };

class ProbeRun {
 public:
  explicit ProbeRun(Form form) : form_(form) {}

  void probe(const config::Bridge& settings) {
    auto bridge = Bridge::prepare(settings);
    if (!bridge) {
      std::cerr << "bridge " << settings.name << ": " << bridge.error().message << '\n';
      is_ok_ = false;
      return;
    }
    warnings_.print(bridge.value()->warnings());
    for (std::size_t url = 0; url < bridge.value()->url_count(); ++url) {
      print(Probe(*bridge.value(), url).run());
    }
  }

  // All of them, so far.
  [[nodiscard]] bool is_ok() const { return is_ok_; }

 private:
  void print(const ProbeReport& report) {
    is_ok_ = is_ok_ && report.is_ok();
    if (form_ == Form::kJson) {
      std::cout << probe_json(report) << std::flush;
      return;
    }
    std::cout << (std::exchange(is_first_, false) ? "" : "\n")
              << probe_text(report, std::time(nullptr), colour_of(STDOUT_FILENO)) << std::flush;
  }

  Form form_;
  WarningPrinter warnings_;
  bool is_first_ = true;
  bool is_ok_ = true;
};

}  // namespace

int probe_command(const Command& command, const config::Environment& environment) {
  const config::Loaded loaded = load_config(command, environment, check_bridge);
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
  ProbeRun run(command.json ? Form::kJson : Form::kText);
  for (const config::Bridge& bridge : loaded.config.bridges) {
    if (command.target.empty() || bridge.name == command.target) {
      run.probe(bridge);
    }
  }
  return run.is_ok() ? kExitClean : kExitFailure;
}

}  // namespace wsbridged
