// SPDX-License-Identifier: MIT
// The metrics in Prometheus' text format 0.0.4. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/process_stats.h"
#include "daemon/snapshot.h"

namespace wsbridged {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string metrics_text(const Snapshot& snapshot, const ProcessStats& process);

}  // namespace wsbridged
