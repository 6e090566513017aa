// SPDX-License-Identifier: MIT
// The verbs `ctl` and `healthcheck`: they talk to a running wsbridged over its admin listener.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/admin_flag.h"
#include "config/loader.h"

namespace wsbridged {

struct CtlCommand {
  enum class Verb : unsigned char { kPs, kKill, kTap, kDrain, kReload, kLogLevel } verb = Verb::kPs;
  std::string argument{};  // ID or L
  bool is_json = false;
};

struct HealthCommand {
  bool is_live = false;  // else ready
};

// Where the running program is looked for: the first that is there of a flag or variable, the
// configuration, and /run/wsbridged/admin.sock.
struct AdminSource {
  std::optional<config::AdminFlag> flag{};
  std::string config_file{};
  bool is_file_named = false;  // by flag or variable; the default one may be absent or broken
  std::optional<std::string> config_yaml{};
};

// Each returns the exit status: 0, 1 when it failed or was refused. For a bad address, or when the
// configuration that was named cannot say one, it is 2, and 1 for a healthcheck.
int ctl_command(const CtlCommand& command, const AdminSource& source,
                const config::Environment& environment);
int healthcheck_command(const HealthCommand& command, const AdminSource& source,
                        const config::Environment& environment);

}  // namespace wsbridged
