// SPDX-License-Identifier: MIT
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "daemon/cli.h"
#include "daemon/commands.h"
#include "daemon/ctl.h"
#include "daemon/daemon.h"
#include "daemon/last_words.h"

namespace {

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    names.push_back(text.substr(0, text.find('=')));
  }
  return names;
}

int answer(const wsbridged::Answer& answer) {
  (answer.status == wsbridged::kExitClean ? std::cout : std::cerr) << answer.text;
  return answer.status;
}

wsbridged::AdminSource admin_source(const wsbridged::Command& command) {
  return {.flag = command.admin,
          .config_file = command.config_file,
          .is_file_named = command.is_file_named,
          .config_yaml = command.config_yaml};
}

int run(int argc, char** argv) {
  using wsbridged::Command;
  const auto environment = wsbridged::config::process_environment();
  const auto parsed = wsbridged::parse_command_line(argc, argv, environment, environment_names());
  if (const auto* text = std::get_if<wsbridged::Answer>(&parsed)) {
    return answer(*text);
  }
  const auto& command = std::get<Command>(parsed);
  switch (command.verb) {
    case Command::Verb::kRun:
      return wsbridged::run_command(command, environment);
    case Command::Verb::kCheck:
      return wsbridged::check_command(command, environment);
    case Command::Verb::kProbe:
      return wsbridged::probe_command(command, environment);
    case Command::Verb::kCat:
      return wsbridged::cat_command(command, environment);
    case Command::Verb::kCtl:
      return wsbridged::ctl_command(command.ctl, admin_source(command), environment);
    case Command::Verb::kHealthcheck:
      return wsbridged::healthcheck_command(command.health, admin_source(command), environment);
    case Command::Verb::kDemo:
      return wsbridged::demo_command();
  }
  return wsbridged::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  // Queues come and go with every turn: giving each freed segment back to the system costs a page
  // fault per 4 KiB sent (measured: 8 ns against 1 ns an appended line).
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  wsbridged::end_at_once_when_uncaught();
  // Passwords, cookies and lines are in this memory: no core dump shows them, and no other program
  // of this user reads them. (Only root can attach a debugger.)
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)std::signal(SIGPIPE, SIG_IGN);  // a closed stdout or stderr must not end the daemon
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    std::cerr << "wsbridged: " << exception.what() << '\n';
    return wsbridged::kExitFailure;
  }
}
