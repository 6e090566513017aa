// SPDX-License-Identifier: MIT
// A probe's report for people and for machines. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/log_format.h"
#include "daemon/probe_report.h"

namespace wsbridged {

// Several lines, the last one with its '\n'. `unix_now` is what expiry dates are compared with.
[[nodiscard]] std::string probe_text(const ProbeReport& report, std::int64_t unix_now,
                                     Colour colour);
// One line of JSON, with its '\n'.
[[nodiscard]] std::string probe_json(const ProbeReport& report);

}  // namespace wsbridged
