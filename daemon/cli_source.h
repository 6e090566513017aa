// SPDX-License-Identifier: MIT
// Where the configuration comes from, out of what flags and environment variables say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/loader.h"
#include "daemon/cli.h"

namespace wsbridged {

// What was set by flags, or by variables. No text is empty.
struct CommandSettings {
  std::optional<std::string> config{};
  std::optional<std::string> config_yaml{};  // variable only
  std::optional<std::string> listen{};
  std::optional<std::string> upstream{};
  std::optional<std::string> cookie_jar{};
  std::vector<std::string> subprotocols{};
  std::vector<std::string> headers{};
  std::optional<bool> allow_remote{};
  std::optional<std::string> admin{};
  std::optional<bool> no_landlock{};
};

// A flag and the environment variable that stands for it.
struct SettingName {
  std::string_view flag;
  std::string_view variable;
};

inline constexpr SettingName kConfigName{"-c", "WSBRIDGED_CONFIG"};
inline constexpr SettingName kConfigYamlName{"", "WSBRIDGED_CONFIG_YAML"};
inline constexpr SettingName kListenName{"--listen", "WSBRIDGED_LISTEN"};
inline constexpr SettingName kUpstreamName{"--upstream", "WSBRIDGED_UPSTREAM"};
inline constexpr SettingName kSubprotocolName{"--subprotocol", "WSBRIDGED_SUBPROTOCOL"};
inline constexpr SettingName kCookieJarName{"--cookie-jar", "WSBRIDGED_COOKIE_JAR"};
inline constexpr SettingName kHeaderName{"--header", "WSBRIDGED_HEADER"};
inline constexpr SettingName kAllowRemoteName{"--allow-remote", "WSBRIDGED_ALLOW_REMOTE"};
inline constexpr SettingName kAdminName{"--admin", "WSBRIDGED_ADMIN"};
inline constexpr SettingName kNoLandlockName{"--no-landlock", "WSBRIDGED_NO_LANDLOCK"};

// The file, the text or the quick bridge, with warnings about variables that do not count; or what
// is wrong, in words that say what to do. Flags beat variables; with neither it is the default
// file.
[[nodiscard]] std::variant<Command, std::string> choose_source(
    const CommandSettings& flags, const config::Environment& environment);

// The admin listener's address by flag or variable, whatever the source.
[[nodiscard]] std::optional<config::AdminFlag> choose_admin(const CommandSettings& flags,
                                                            const config::Environment& environment);

// The same sources for those who look for a running program: a file or a text, which may be absent.
[[nodiscard]] std::variant<Command, std::string> choose_running(
    const CommandSettings& flags, const config::Environment& environment);

// A warning for each WSBRIDGED_* among `names` that means nothing.
[[nodiscard]] std::vector<std::string> warn_of_unknown_variables(
    const std::vector<std::string>& names);

}  // namespace wsbridged
