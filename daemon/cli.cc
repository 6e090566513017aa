// SPDX-License-Identifier: MIT
// One CLI11 parser per verb finds the flags. No value is echoed in a message: it may be a secret
// that lost its quotes.
#include "daemon/cli.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "daemon/cli_ctl.h"
#include "daemon/cli_help.h"
#include "daemon/cli_source.h"
#include "daemon/version.h"

namespace wsbridged {
namespace {

std::string version_text() {
  return "wsbridged " + std::string(kVersion) + "\n";
}

using Verb = Command::Verb;

struct VerbText {
  std::string_view name;
  Verb verb;
  std::string_view help;
};

constexpr std::array<VerbText, 7> kVerbs = {
    {{"run", Verb::kRun, kRunHelp},
     {"check", Verb::kCheck, kCheckHelp},
     {"probe", Verb::kProbe, kProbeHelp},
     {"cat", Verb::kCat, kCatHelp},
     {"demo", Verb::kDemo, kDemoHelp},
     {"ctl", Verb::kCtl, kCtlHelp},
     {"healthcheck", Verb::kHealthcheck, kHealthcheckHelp}}};

struct Flags {
  CommandSettings settings{};
  bool print = false;
  bool json = false;
  std::string target{};
  std::vector<std::string> warnings{};
  CtlCommand ctl{};
  HealthCommand health{};
};

bool has_target(Verb verb) {
  return verb == Verb::kProbe || verb == Verb::kCat;
}

Answer usage_error(std::string_view message, std::string_view verb = "") {
  std::string text = "wsbridged: " + std::string(message) + "\nSee 'wsbridged ";
  text += verb;
  text += verb.empty() ? "--help'.\n" : " --help'.\n";
  return {2, text};
}

void add_text(CLI::App& app, const std::string& name, std::optional<std::string>& value) {
  app.add_option_function<std::string>(name, [&value](const std::string& text) { value = text; });
}

void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values) {
  // One item each time: "--header A B" must not take B.
  app.add_option(name, values)->allow_extra_args(false);
}

void add_flags(CLI::App& app, Verb verb, Flags& flags) {
  if (verb != Verb::kDemo) {
    add_text(app, "-c", flags.settings.config);
  }
  if (verb == Verb::kCheck) {
    app.add_flag("--print", flags.print)->disable_flag_override();
  }
  if (verb == Verb::kProbe) {
    app.add_flag("--json", flags.json)->disable_flag_override();
  }
  if (verb == Verb::kRun) {
    add_text(app, "--listen", flags.settings.listen);
    add_text(app, "--upstream", flags.settings.upstream);
  }
  if (verb == Verb::kRun || has_target(verb)) {
    add_text(app, "--cookie-jar", flags.settings.cookie_jar);
    add_list(app, "--subprotocol", flags.settings.subprotocols);
    add_list(app, "--header", flags.settings.headers);
  }
  if (verb == Verb::kRun) {
    app.add_flag_callback("--allow-remote", [&flags] { flags.settings.allow_remote = true; })
        ->disable_flag_override();
    app.add_flag_callback("--no-landlock", [&flags] { flags.settings.no_landlock = true; })
        ->disable_flag_override();
  }
  if (verb == Verb::kRun || verb == Verb::kCtl || verb == Verb::kHealthcheck) {
    add_text(app, "--admin", flags.settings.admin);
  }
  if (verb == Verb::kCtl) {
    app.add_flag("--json", flags.ctl.is_json)->disable_flag_override();
  }
  if (verb == Verb::kHealthcheck) {
    app.add_flag("--live", flags.health.is_live)->disable_flag_override();
  }
}

std::string describe_extra(const std::vector<std::string>& extras) {
  const auto flag = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.size() > 1 && word.front() == '-';
  });
  if (flag != extras.end()) {
    return "unknown option '" + flag->substr(0, flag->find('=')) + "'";
  }
  return "an argument without an option: name a configuration file with '-c FILE', and put a "
         "value with spaces in quotes";
}

// BRIDGE or URL: a URL is a bridge of its own, which listens nowhere.
void take_target(Verb verb, std::vector<std::string>& extras, Flags& flags) {
  if (!has_target(verb) || extras.size() != 1 || extras[0].starts_with('-')) {
    return;
  }
  flags.target = std::move(extras[0]);
  extras.clear();
  if (flags.target.find("://") == std::string::npos) {
    return;
  }
  flags.settings.upstream = std::exchange(flags.target, "main");
  flags.settings.listen = "127.0.0.1:0";
  if (flags.settings.config) {
    flags.settings.config.reset();
    flags.warnings.emplace_back("-c is ignored: a URL was given");
  }
}

// The flags that need a value and got an empty one.
std::optional<std::string> find_empty(const CommandSettings& settings) {
  const std::array<std::pair<std::string_view, const std::optional<std::string>*>, 5> texts = {
      {{kConfigName.flag, &settings.config},
       {kAdminName.flag, &settings.admin},
       {kListenName.flag, &settings.listen},
       {kUpstreamName.flag, &settings.upstream},
       {kCookieJarName.flag, &settings.cookie_jar}}};
  for (const auto& [name, text] : texts) {
    if (*text && (*text)->empty()) {
      return std::string(name) + " needs a value that is not empty";
    }
  }
  return std::nullopt;
}

std::variant<Flags, Answer> parse_flags(const VerbText& verb, std::vector<std::string> words) {
  Flags flags;
  CLI::App app;
  app.allow_extras();
  add_flags(app, verb.verb, flags);
  try {
    std::reverse(words.begin(), words.end());
    app.parse(words);
  } catch (const CLI::Success&) {
    return Answer{0, std::string(verb.help)};
  } catch (const CLI::Error& error) {
    // Its own exit codes are above 100.
    return usage_error(error.what(), verb.name);
  }
  std::vector<std::string> extras = app.remaining();
  if (verb.verb == Verb::kCtl) {
    if (const auto problem = read_ctl_words(std::exchange(extras, {}), flags.ctl)) {
      return usage_error(*problem, verb.name);
    }
  }
  take_target(verb.verb, extras, flags);
  if (!extras.empty()) {
    return usage_error(describe_extra(extras), verb.name);
  }
  if (verb.verb == Verb::kCat && flags.target.empty()) {
    return usage_error("name a bridge of the configuration, or a ws:// or wss:// URL", verb.name);
  }
  if (const auto problem = find_empty(flags.settings)) {
    return usage_error(*problem, verb.name);
  }
  return flags;
}

std::variant<Command, Answer> parse_verb(const VerbText& verb, std::vector<std::string> words,
                                         const config::Environment& environment) {
  auto parsed = parse_flags(verb, std::move(words));
  if (auto* const answer = std::get_if<Answer>(&parsed)) {
    return std::move(*answer);
  }
  const Flags& flags = std::get<Flags>(parsed);
  if (verb.verb == Verb::kDemo) {
    Command command;
    command.verb = Verb::kDemo;
    return command;
  }
  const bool is_for_running = verb.verb == Verb::kCtl || verb.verb == Verb::kHealthcheck;
  auto chosen = is_for_running ? choose_running(flags.settings, environment)
                               : choose_source(flags.settings, environment);
  if (const auto* const problem = std::get_if<std::string>(&chosen)) {
    return usage_error(*problem, verb.name);
  }
  Command command = std::get<Command>(std::move(chosen));
  command.verb = verb.verb;
  command.print = flags.print;
  command.json = flags.json;
  command.target = flags.target;
  command.warnings.insert(command.warnings.begin(), flags.warnings.begin(), flags.warnings.end());
  if (has_target(verb.verb) && flags.settings.upstream) {
    // A problem of it is named as what was written.
    command.quick_bridge->variables.insert_or_assign("--upstream", "URL");
  }
  command.ctl = flags.ctl;
  command.health = flags.health;
  return command;
}

}  // namespace

std::variant<Command, Answer> parse_command_line(int argc, const char* const* argv,
                                                 const config::Environment& environment,
                                                 const std::vector<std::string>& names) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const std::string first = words.empty() ? "" : words.front();
  if (first == "--help" || first == "-h") {
    return Answer{0, std::string(kHelp)};
  }
  if (first == "--version") {
    return Answer{0, version_text()};
  }
  if (words.empty() || first.starts_with('-')) {
    words.insert(words.begin(), "run");
  }
  const auto* const verb =
      std::find_if(kVerbs.begin(), kVerbs.end(),
                   [&words](const VerbText& known) { return known.name == words.front(); });
  if (verb == kVerbs.end()) {
    return usage_error("unknown command '" + first +
                       "': use run, check, probe, cat, ctl, healthcheck or demo");
  }
  words.erase(words.begin());
  auto result = parse_verb(*verb, std::move(words), environment);
  if (auto* const command = std::get_if<Command>(&result)) {
    const auto unknown = warn_of_unknown_variables(names);
    command->warnings.insert(command->warnings.end(), unknown.begin(), unknown.end());
  }
  return result;
}

}  // namespace wsbridged
