// SPDX-License-Identifier: MIT
// Three sources exclude each other: a file, a text, flags for one bridge. A contradiction within
// flags, or within variables, is an error; a flag against a variable is settled, with a warning.
#include "daemon/cli_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace wsbridged {
namespace {

constexpr std::string_view kDefaultFile = "/etc/wsbridged/wsbridged.yaml";

constexpr std::array kNames = {kConfigName,      kConfigYamlName, kListenName, kUpstreamName,
                               kSubprotocolName, kCookieJarName,  kHeaderName, kAllowRemoteName,
                               kAdminName,       kNoLandlockName};

enum class Source : unsigned char { kFile, kYaml, kQuickBridge };

// A source that was named, and by what.
struct NamedSource {
  Source source;
  std::string_view name;
};

using Names = std::string_view SettingName::*;

std::vector<NamedSource> named_sources(const CommandSettings& settings, Names name) {
  std::vector<NamedSource> sources;
  if (settings.config) {
    sources.push_back({Source::kFile, kConfigName.*name});
  }
  if (settings.config_yaml) {
    sources.push_back({Source::kYaml, kConfigYamlName.*name});
  }
  if (settings.upstream || settings.listen) {
    sources.push_back(
        {Source::kQuickBridge, (settings.upstream ? kUpstreamName : kListenName).*name});
  }
  return sources;
}

// The names of what only makes sense beside an upstream.
std::vector<std::string_view> quick_details(const CommandSettings& settings, Names name) {
  std::vector<std::string_view> details;
  if (!settings.subprotocols.empty()) {
    details.push_back(kSubprotocolName.*name);
  }
  if (settings.cookie_jar) {
    details.push_back(kCookieJarName.*name);
  }
  if (!settings.headers.empty()) {
    details.push_back(kHeaderName.*name);
  }
  if (settings.allow_remote.value_or(false)) {
    details.push_back(kAllowRemoteName.*name);
  }
  return details;
}

std::string contradiction(const std::vector<NamedSource>& sources) {
  return std::string(sources[0].name) + " and " + std::string(sources[1].name) +
         " exclude each other: the configuration comes from one of them";
}

std::string ignored(std::string_view name, std::string_view why) {
  return std::string(name) + " is ignored: " + std::string(why);
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty()) {
      lines.emplace_back(line);
    }
  }
  return lines;
}

// Empty is unset.
std::optional<std::string> look_up(const config::Environment& environment,
                                   const SettingName& name) {
  std::optional<std::string> value = environment(std::string(name.variable));
  return value && !value->empty() ? std::move(value) : std::nullopt;
}

CommandSettings read_variables(const config::Environment& environment) {
  CommandSettings variables;
  variables.config = look_up(environment, kConfigName);
  variables.config_yaml = look_up(environment, kConfigYamlName);
  variables.listen = look_up(environment, kListenName);
  variables.upstream = look_up(environment, kUpstreamName);
  variables.cookie_jar = look_up(environment, kCookieJarName);
  variables.subprotocols = split_lines(look_up(environment, kSubprotocolName).value_or(""));
  variables.headers = split_lines(look_up(environment, kHeaderName).value_or(""));
  return variables;
}

// Nothing: `value` holds what the variable says.
std::optional<std::string> read_boolean(const config::Environment& environment,
                                        const SettingName& name, std::optional<bool>& value) {
  const std::optional<std::string> text = look_up(environment, name);
  if (text && *text != "true" && *text != "false") {
    return std::string(name.variable) + " must be true or false";
  }
  if (text) {
    value = *text == "true";
  }
  return std::nullopt;
}

// A list of flags replaces the variable's.
const std::vector<std::string>& either(const std::vector<std::string>& flags,
                                       const std::vector<std::string>& variables) {
  return flags.empty() ? variables : flags;
}

// By flag: the variables that count, so that an error names what the user wrote.
std::map<std::string, std::string> used_variables(const CommandSettings& flags) {
  std::map<std::string, std::string> used;
  const auto use = [&used](bool is_flag_set, const SettingName& name) {
    if (!is_flag_set) {
      used.emplace(name.flag, name.variable);
    }
  };
  use(flags.listen.has_value(), kListenName);
  use(flags.upstream.has_value(), kUpstreamName);
  use(flags.cookie_jar.has_value(), kCookieJarName);
  use(!flags.subprotocols.empty(), kSubprotocolName);
  use(!flags.headers.empty(), kHeaderName);
  use(flags.allow_remote.has_value(), kAllowRemoteName);
  return used;
}

std::variant<config::QuickBridge, std::string> make_quick_bridge(const CommandSettings& flags,
                                                                 const CommandSettings& variables) {
  const auto listen = flags.listen ? flags.listen : variables.listen;
  const auto upstream = flags.upstream ? flags.upstream : variables.upstream;
  if (!upstream) {
    return std::string("--listen needs --upstream: say where to connect, as ws:// or wss:// URL");
  }
  if (!listen) {
    return std::string("--upstream needs --listen: say where programs connect, as 127.0.0.1:7001");
  }
  config::QuickBridge bridge;
  bridge.listen = *listen;
  bridge.upstream = *upstream;
  bridge.subprotocols = either(flags.subprotocols, variables.subprotocols);
  bridge.cookie_jar = (flags.cookie_jar ? flags.cookie_jar : variables.cookie_jar).value_or("");
  bridge.headers = either(flags.headers, variables.headers);
  bridge.allow_remote = flags.allow_remote.value_or(variables.allow_remote.value_or(false));
  bridge.variables = used_variables(flags);
  return bridge;
}

// Of one source: the rest of what is set must fit to it.
std::variant<Command, std::string> command_for(Source source, const CommandSettings& flags,
                                               const CommandSettings& variables) {
  Command command;
  if (source == Source::kQuickBridge) {
    auto bridge = make_quick_bridge(flags, variables);
    if (auto* const problem = std::get_if<std::string>(&bridge)) {
      return std::move(*problem);
    }
    command.quick_bridge = std::get<config::QuickBridge>(std::move(bridge));
    return command;
  }
  if (const auto details = quick_details(flags, &SettingName::flag); !details.empty()) {
    return std::string(details[0]) +
           " needs --listen and --upstream: in a file it is a key of a bridge";
  }
  for (const std::string_view name : quick_details(variables, &SettingName::variable)) {
    command.warnings.push_back(ignored(name, "it only counts with --upstream"));
  }
  if (source == Source::kYaml) {
    command.config_yaml = variables.config_yaml;
  } else {
    const auto& file = flags.config ? flags.config : variables.config;
    command.config_file = file.value_or(std::string(kDefaultFile));
  }
  return command;
}

}  // namespace

std::variant<Command, std::string> choose_source(const CommandSettings& flags,
                                                 const config::Environment& environment) {
  CommandSettings variables = read_variables(environment);
  const auto by_flag = named_sources(flags, &SettingName::flag);
  const auto by_variable = named_sources(variables, &SettingName::variable);
  if (by_flag.size() > 1) {
    return contradiction(by_flag);
  }
  if (by_flag.empty() && by_variable.size() > 1) {
    return contradiction(by_variable);
  }
  const auto& counted = by_flag.empty() ? by_variable : by_flag;
  const Source source = counted.empty() ? Source::kFile : counted[0].source;
  if (auto problem = read_boolean(environment, kAllowRemoteName, variables.allow_remote);
      problem && source == Source::kQuickBridge) {
    return std::move(*problem);
  }
  if (auto problem = read_boolean(environment, kNoLandlockName, variables.no_landlock)) {
    return std::move(*problem);
  }
  auto result = command_for(source, flags, variables);
  if (auto* const command = std::get_if<Command>(&result)) {
    command->admin = choose_admin(flags, environment);
    command->no_landlock = flags.no_landlock.value_or(variables.no_landlock.value_or(false));
    for (const NamedSource& named : by_variable) {
      if (named.source != source) {
        command->warnings.push_back(
            ignored(named.name, std::string(counted[0].name) + " was given"));
      }
    }
  }
  return result;
}

std::optional<config::AdminFlag> choose_admin(const CommandSettings& flags,
                                              const config::Environment& environment) {
  if (flags.admin) {
    return config::AdminFlag{*flags.admin, std::string(kAdminName.flag)};
  }
  if (auto variable = look_up(environment, kAdminName)) {
    return config::AdminFlag{std::move(*variable), std::string(kAdminName.variable)};
  }
  return std::nullopt;
}

std::variant<Command, std::string> choose_running(const CommandSettings& flags,
                                                  const config::Environment& environment) {
  const CommandSettings variables = read_variables(environment);
  Command command;
  command.admin = choose_admin(flags, environment);
  if (!flags.config && variables.config && variables.config_yaml) {
    return contradiction(named_sources(variables, &SettingName::variable));
  }
  if (!flags.config && variables.config_yaml) {
    command.config_yaml = variables.config_yaml;
  } else {
    const auto& file = flags.config ? flags.config : variables.config;
    command.config_file = file.value_or(std::string(kDefaultFile));
    command.is_file_named = file.has_value();
  }
  return command;
}

std::vector<std::string> warn_of_unknown_variables(const std::vector<std::string>& names) {
  std::vector<std::string> warnings;
  for (const std::string& name : names) {
    const bool is_known =
        std::any_of(kNames.begin(), kNames.end(),
                    [&name](const SettingName& known) { return known.variable == name; });
    if (name.starts_with("WSBRIDGED_") && !is_known) {
      warnings.push_back(ignored(name, "no such variable is known"));
    }
  }
  return warnings;
}

}  // namespace wsbridged
