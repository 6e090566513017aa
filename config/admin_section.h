// SPDX-License-Identifier: MIT
// The `admin` section of a configuration alone: for those who only look for the running program,
// and whom errors elsewhere in the file do not concern.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/loader.h"

namespace wsbridged::config {

// The section, or every reason why it cannot be known: the file cannot be read or is no YAML, or
// the section itself is wrong. A configuration without one has the default.
using AdminSection = std::variant<Admin, std::vector<Problem>>;

[[nodiscard]] AdminSection load_admin_section(const std::string& path,
                                              const Environment& environment);
[[nodiscard]] AdminSection read_admin_section(std::string_view yaml, const std::string& source,
                                              const Environment& environment);

}  // namespace wsbridged::config
